// Passwords as argon2id hashes in PHC form. Must never be faster for somebody who does not exist, nor take more than two cores' worth of memory at once.
import { type Argon2Parameters, argon2, timingSafeEqual } from 'node:crypto';
import type { Rng } from '@parley/ports';
import { ParleyError } from '@parley/protocol';

export interface PasswordHasher {
  /** A PHC string. Throws ParleyError('slow_down') when too many wait already. */
  hash(password: string): Promise<string>;
  /**
   * Does the password fit? `phc` null (nobody, or somebody who cannot sign in): the same work is done and the answer is no.
   * `outdated`: it fits, but was hashed with other parameters than today's.
   */
  verify(password: string, phc: string | null): Promise<{ ok: boolean; outdated: boolean }>;
}

interface Parameters {
  readonly memoryKib: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** OWASP's smallest argon2id profile: 19 MiB, 2 passes; about 20 ms of one core. */
export const PASSWORD_PARAMETERS: Parameters = { memoryKib: 19_456, passes: 2, parallelism: 1 };
const SALT_BYTES = 16;
const TAG_BYTES = 32;
const AT_ONCE = 2;
/** 10 s of hashing; who would wait longer is asked to come again. */
const WAITING_MAX = 1_000;
const RETRY_AFTER_MS = 5_000;

const NOBODY_SALT = Buffer.alloc(SALT_BYTES, 'nobody');

/** `onHash` is called at each hash that is made; for metrics. */
export function createPasswordHasher({
  rng,
  onHash,
  parameters = PASSWORD_PARAMETERS,
}: {
  rng: Rng;
  onHash?: () => void;
  parameters?: Parameters;
}): PasswordHasher {
  const slot = createSlots(AT_ONCE, WAITING_MAX);
  const derive = (password: string, salt: Buffer, using: Parameters, bytes: number): Promise<Buffer> =>
    slot(() => {
      onHash?.();
      return argon2id(password, salt, using, bytes);
    });

  return {
    async hash(password) {
      const salt = Buffer.from(rng.secret(SALT_BYTES), 'base64url');
      return formatPhc(parameters, salt, await derive(password, salt, parameters, TAG_BYTES));
    },
    async verify(password, phc) {
      const kept = phc === null ? null : parsePhc(phc);
      if (!kept) {
        await derive(password, NOBODY_SALT, parameters, TAG_BYTES);
        return { ok: false, outdated: false };
      }
      const tag = await derive(password, kept.salt, kept.parameters, kept.tag.length);
      const ok = timingSafeEqual(tag, kept.tag);
      return { ok, outdated: ok && !sameParameters(kept.parameters, parameters) };
    },
  };
}

function argon2id(password: string, salt: Buffer, using: Parameters, bytes: number): Promise<Buffer> {
  const input: Argon2Parameters = {
    // The same password typed on two keyboards may come composed or decomposed.
    message: password.normalize('NFKC'),
    nonce: salt,
    memory: using.memoryKib,
    passes: using.passes,
    parallelism: using.parallelism,
    tagLength: bytes,
  };
  return new Promise((resolve, reject) => argon2('argon2id', input, (error, tag) => (error ? reject(error) : resolve(tag))));
}

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');
const sameParameters = (a: Parameters, b: Parameters): boolean => a.memoryKib === b.memoryKib && a.passes === b.passes && a.parallelism === b.parallelism;

const formatPhc = (p: Parameters, salt: Buffer, tag: Buffer): string =>
  `$argon2id$v=19$m=${p.memoryKib},t=${p.passes},p=${p.parallelism}$${unpadded(salt)}$${unpadded(tag)}`;

function parsePhc(phc: string): { parameters: Parameters; salt: Buffer; tag: Buffer } | null {
  const match = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(phc);
  if (!match) return null;
  const [, memory, passes, parallelism, salt = '', tag = ''] = match;
  return {
    parameters: { memoryKib: Number(memory), passes: Number(passes), parallelism: Number(parallelism) },
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  };
}

/** Runs at most `atOnce` jobs; `waitingMax` more wait in order. */
function createSlots(atOnce: number, waitingMax: number): <T>(job: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (job) => {
    if (running >= atOnce) {
      if (waiting.length >= waitingMax) throw new ParleyError('slow_down', 'Too many people are signing in at once.', { retryAfterMs: RETRY_AFTER_MS });
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running++;
    try {
      return await job();
    } finally {
      // The slot is handed on, not given back, so that nobody overtakes who waits.
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}

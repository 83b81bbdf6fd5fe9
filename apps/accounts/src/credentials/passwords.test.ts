// Passwords: the PHC form, the same work for nobody, parameters that change, and never more than two at once.
import { createSeededRng } from '@parley/ports';
import { expect, test } from 'vitest';
import { createPasswordHasher, PASSWORD_PARAMETERS } from './passwords.ts';

const rng = createSeededRng(1);
const light = { memoryKib: 64, passes: 1, parallelism: 1 };

test('A hash names its parameters, differs each time, and fits its password only.', async () => {
  const hasher = createPasswordHasher({ rng });
  const [a, b] = [await hasher.hash('correct horse'), await hasher.hash('correct horse')];
  expect(a).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(a).not.toBe(b);
  expect(await hasher.verify('correct horse', a)).toEqual({ ok: true, outdated: false });
  expect(await hasher.verify('correct horsf', a)).toEqual({ ok: false, outdated: false });
});

test('A hash of another program is checked as it says.', async () => {
  // `echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1 -l 32 -e`, from the test vectors of phc-winner-argon2.
  const phc = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
  expect(await createPasswordHasher({ rng }).verify('password', phc)).toEqual({ ok: true, outdated: true });
});

test('A password composed or decomposed is the same password.', async () => {
  const hasher = createPasswordHasher({ rng, parameters: light });
  expect((await hasher.verify('caf\u0065\u0301 noir', await hasher.hash('caf\u00e9 noir'))).ok).toBe(true);
});

test('Nobody, and a hash that cannot be read, cost one hash and never fit.', async () => {
  let hashes = 0;
  const hasher = createPasswordHasher({ rng, parameters: light, onHash: () => hashes++ });
  expect((await hasher.verify('x', null)).ok).toBe(false);
  expect((await hasher.verify('x', '$2b$10$something')).ok).toBe(false);
  expect(hashes).toBe(2);
});

test('Hashed with lighter parameters than today a password fits and is outdated.', async () => {
  const phc = await createPasswordHasher({ rng, parameters: light }).hash('correct horse');
  expect(await createPasswordHasher({ rng, parameters: PASSWORD_PARAMETERS }).verify('correct horse', phc)).toEqual({ ok: true, outdated: true });
});

test('Of a thousand and three at once two run, a thousand wait, and the last is asked to come again.', async () => {
  let begun = 0;
  const hasher = createPasswordHasher({ rng, parameters: light, onHash: () => begun++ });
  const all = Array.from({ length: 1_003 }, () =>
    hasher.verify('x', null).then(
      () => 'done',
      (error: unknown) => (error as { code: string }).code,
    ),
  );
  expect(begun).toBe(2);
  const answers = await Promise.all(all);
  expect(answers.filter((answer) => answer === 'slow_down')).toHaveLength(1);
  expect(begun).toBe(1_002);
});

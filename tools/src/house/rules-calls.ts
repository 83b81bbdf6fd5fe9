// Time, randomness and ids come through ports, or a run cannot be repeated from its seed.
import type { Problem, Rule } from './repository.ts';

const FORBIDDEN: readonly { readonly pattern: RegExp; readonly use: string }[] = [
  { pattern: /\bDate\.now\b/, use: 'Clock.now()' },
  { pattern: /\bnew Date\(\s*\)/, use: 'Clock.now()' },
  { pattern: /\bperformance\.now\b/, use: 'Clock.monotonic()' },
  { pattern: /\bMath\.random\b/, use: 'Rng.random()' },
  { pattern: /(?<![.\w])(?:globalThis\.|window\.)?set(?:Timeout|Interval|Immediate)\b/, use: 'Clock.after(), every() or sleep()' },
  { pattern: /\brandomUUID(?:v7)?\b/, use: 'Rng.id()' },
  { pattern: /\brandomBytes\b/, use: 'Rng.secret()' },
];

/** Where the real ones may be used, and why. */
export const EXEMPT: readonly { readonly path: RegExp; readonly reason: string }[] = [
  { path: /^packages\/ports\/src\/system\.ts$/, reason: 'it is the adapter of Clock and Rng' },
  { path: /^packages\/(postgres|kafka|redis|rabbitmq)\//, reason: 'adapters live in real time' },
  { path: /^apps\/gateway\/src\/socket-io\//, reason: 'the adapter between Socket.IO and the gateway' },
  { path: /^packages\/sdk\/src\/[\w-]*seams\.ts$/, reason: 'the real clock and randomness that the SDK uses when none is given' },
  { path: /^apps\/parley\/src\/(commands|replay)\//, reason: 'a command line in front of a person: drives a server from outside, as load does' },
  { path: /^apps\/web\//, reason: 'a page in front of a person' },
  { path: /^(tests|tools|load|infra)\//, reason: 'drives the system from outside' },
  { path: /\.test\.tsx?$|(^|\/)test\//, reason: 'tests' },
  { path: /(^|\/)vite\.config\.ts$/, reason: 'runs at build' },
];

export const checkCalls: Rule = (repository) =>
  repository.sources
    .filter((file) => !EXEMPT.some(({ path }) => path.test(file.path)))
    .flatMap((file) =>
      file.code.bare.split('\n').flatMap((line, index): Problem[] =>
        FORBIDDEN.filter(({ pattern }) => pattern.test(line)).map(({ pattern, use }) => ({
          path: file.path,
          line: index + 1,
          rule: 'calls',
          text: `${pattern.exec(line)?.[0]} is for adapters only: use ${use}`,
        })),
      ),
    );

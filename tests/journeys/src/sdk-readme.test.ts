// The SDK's README is run as it stands, but for the address: its code must work for somebody who has never seen Parley.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startParley } from '@parley/cli';
import { afterAll, beforeAll, expect, test } from 'vitest';

const readme = fileURLToPath(new URL('../../../packages/sdk/README.md', import.meta.url));
const here = fileURLToPath(new URL('.', import.meta.url));
let dataDir: string;
let server: Awaited<ReturnType<typeof startParley>>;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'parley-readme-'));
  server = await startParley({ dataDir, port: 0 });
}, 120_000);

afterAll(async () => {
  await server?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

test("the README's code is at most 20 lines, and prints the message that it sends", async () => {
  const [, code = ''] = /```js\n([\s\S]*?)```/.exec(await readFile(readme, 'utf8')) ?? [];
  expect(
    code
      .trim()
      .split('\n')
      .filter((line) => line.trim() !== '').length,
  ).toBeLessThanOrEqual(20);
  // Beside this test, so that `@parley/sdk` is found as it is from an app of the workspace.
  const program = join(here, `.readme-${process.pid}.mjs`);
  await writeFile(program, code.replace('http://localhost:8080', server.url));
  try {
    // The first run registers, the second finds the name taken and signs in.
    for (const expected of [6, 7]) await untilPrinted(program, [`${expected} message.posted Hello from the SDK!`, `committed as number ${expected}`]);
  } finally {
    await rm(program, { force: true });
  }
}, 150_000);

/** Runs the program until it has printed every line, then stops it. Rejects with what it printed when it ends before that. */
function untilPrinted(program: string, lines: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    const take = (chunk: Buffer) => {
      printed += chunk.toString();
      if (lines.every((line) => printed.split('\n').includes(line))) child.kill();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('close', () => (lines.every((line) => printed.split('\n').includes(line)) ? resolve() : reject(new Error(`It printed:\n${printed}`))));
  });
}

#!/usr/bin/env node
// The door to `parley`: plain JavaScript that any Node >= 20 can read. It goes on with the Node that the
// repository pins, because the system's own may be too old to run TypeScript as it is.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { pinnedNode } from './pinned-node.js';

const child = spawn(pinnedNode(), [fileURLToPath(new URL('./cli.ts', import.meta.url)), ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  console.error(`parley: could not start Node: ${error.message}`);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(code ?? 128 + (signal ? constants.signals[signal] : 0)));

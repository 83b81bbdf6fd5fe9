// How the client is built: hashed files in dist/ that `edge` serves. In development the API and the socket are proxied to a running Parley.
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { emojiData } from './emoji-data.ts';

const parley = `http://127.0.0.1:${process.env.PORT ?? '8080'}`;
/** `light-dark()` and `:has()` are used as they are: no older browser is promised. */
const browsers = ['chrome123', 'edge123', 'firefox121', 'safari17.5'];

export default defineConfig({
  plugins: [react(), emojiData()],
  build: { outDir: 'dist', emptyOutDir: true, target: browsers, cssTarget: browsers, assetsInlineLimit: 0, reportCompressedSize: true },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/api': parley,
      '/.well-known': parley,
      '/socket.io': { target: parley, ws: true },
    },
  },
});

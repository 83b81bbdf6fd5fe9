// Builds the SDK twice: dist/parley-sdk.js for bundlers (its dependencies stay outside) and dist/parley.js, all in one, for a
// <script type="module">. Development needs neither: the workspace uses the source.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const entry = fileURLToPath(new URL('./src/index.ts', import.meta.url));

export default defineConfig(({ mode }) => {
  const whole = mode === 'whole';
  return {
    logLevel: 'warn',
    build: {
      target: 'es2022',
      emptyOutDir: false,
      sourcemap: true,
      minify: whole,
      lib: { entry, formats: ['es'], fileName: () => (whole ? 'parley.js' : 'parley-sdk.js') },
      rollupOptions: { external: whole ? [] : ['socket.io-client', 'idb', 'uuid'] },
    },
  };
});

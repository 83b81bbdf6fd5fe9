// Where `npm ci` (its prepare script) put the built web client.
import { fileURLToPath } from 'node:url';

export const webRoot = fileURLToPath(new URL('../../web/dist', import.meta.url));

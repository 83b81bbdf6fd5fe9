// Puts the SDK together: one object per client. Wiring only: what each part does stands in its own file.
import { ParleyError } from '@parley/protocol';
import type { Parley, ParleyOptions } from './api.ts';

/** A client of the Parley at `options.url`. Nothing is fetched before it is asked to. */
export function createParley(options: ParleyOptions): Parley {
  throw new ParleyError('internal', `The SDK for ${options.url} is being written.`);
}

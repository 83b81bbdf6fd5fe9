// `parley trace`: one message from its sender to the last socket and the push, out of the trace files of a cluster or of a data folder.
import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock as clock } from '@parley/ports';
import { ParleyError } from '@parley/protocol';
import { configFromEnv } from '../config.ts';
import { type Hop, parseWanted, readTraces, type Wanted } from './read-traces.ts';
import { type Story, storiesOf, tellStory } from './story.ts';

export interface TraceOptions {
  readonly folder?: string;
  readonly json?: boolean;
}

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
/** A span is in its file a second after its end, in rare cases more. */
const FRESH_MS = 5_000;
const LOOK_MS = 500;
const LOOKS = 6;

/** Exits with 1 when nothing is known of it. */
export async function trace(what: string, options: TraceOptions): Promise<void> {
  const wanted = parseWanted(what);
  if (wanted === null) throw new ParleyError('invalid', `${what} is neither <room>/<seq>, nor a client id, nor a trace id.`);
  const folders = await foldersOf(options.folder);
  const stories = storiesOf(await readWhole(folders, wanted));
  if (options.json === true) console.log(JSON.stringify({ traces: stories }));
  else if (stories.length > 0) console.log(stories.map(tellStory).join('\n\n'));
  else
    console.log(
      `Nothing is known of ${what} in ${folders.join(' and ')}. Only what is followed leaves a trace: the part TRACE_RATIO says, and what is sent with { trace: true }.`,
    );
  if (stories.length === 0) process.exitCode = 1;
}

/** What is on its way into the files is waited for, as long as the trace is young or not there. */
async function readWhole(folders: readonly string[], wanted: Wanted): Promise<readonly Hop[]> {
  let hops = await readTraces(folders, wanted);
  for (let look = 0; look < LOOKS && unfinished(hops); look++) {
    await clock.sleep(LOOK_MS);
    hops = await readTraces(folders, wanted);
  }
  return hops;
}

const unfinished = (hops: readonly Hop[]): boolean => {
  const stories: readonly Story[] = storiesOf(hops);
  if (stories.length === 0) return true;
  const lastMs = Math.max(...hops.map((hop) => hop.endMs));
  return clock.now() - lastMs < FRESH_MS && stories.some((story) => story.missing.length > 0);
};

/** A folder that is named holds `traces`, or is it; else those of the cluster here and of the data folder. */
async function foldersOf(folder: string | undefined): Promise<readonly string[]> {
  if (folder === undefined) return [join(ROOT, '.parley-cluster', 'traces'), join(resolve(configFromEnv().PARLEY_DATA), 'traces')];
  const inner = join(resolve(folder), 'traces');
  return [
    await access(inner).then(
      () => inner,
      () => resolve(folder),
    ),
  ];
}

// node load/rhythm/make.ts LOG.raw.txt > load/rhythm/NAME.json: the rhythm of a recorded conversation, for real-day: when somebody spoke, who of how many,
// and how many characters. No name and no word of it. Logs tell the minute only: the lines of a minute are spread over it evenly.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseIrcLog } from '@parley/cli';

/** What real-day replays. `lines`: seconds since the first, number of the speaker, characters. */
export interface Rhythm {
  readonly source: string;
  readonly people: number;
  readonly lines: readonly (readonly [seconds: number, speaker: number, chars: number])[];
}

const MINUTE_S = 60;

export function rhythmOf(source: string, log: Uint8Array): Rhythm {
  const said = parseIrcLog(log).entries.flatMap((entry) => (entry.kind === 'message' ? [entry] : []));
  const speakers = new Map<string, number>();
  const from = said[0]?.atMs ?? 0;
  const minutes = Map.groupBy(said, (entry) => Math.floor(entry.atMs / (MINUTE_S * 1_000)));
  const lines = [...minutes.values()].flatMap((entries) =>
    entries.map((entry, index) => {
      const speaker = speakers.get(entry.nick) ?? speakers.size;
      speakers.set(entry.nick, speaker);
      const within = Math.round((MINUTE_S * 10 * index) / entries.length) / 10;
      return [(entry.atMs - from) / 1_000 + within, speaker, entry.text.length] as const;
    }),
  );
  return { source, people: speakers.size, lines };
}

if (import.meta.main) {
  const [path] = process.argv.slice(2);
  if (path === undefined) throw new Error('Usage: node load/rhythm/make.ts LOG.raw.txt > load/rhythm/NAME.json');
  const { source, people, lines } = rhythmOf(basename(path), readFileSync(path));
  const rows = lines.map((line) => JSON.stringify(line)).join(',\n');
  console.log(`{"source":${JSON.stringify(source)},"people":${people},"lines":[\n${rows}\n]}`);
}

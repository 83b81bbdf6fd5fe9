// `parley import irc`: logs become rooms with their people, times and reply links. A log is sent in parts and then brought in by the server as
// one thing: whole, or taken back. What the server has begun it ends, whatever becomes of this program.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { systemClock } from '@parley/ports';
import { type ImportPart, ImportProgress, LIMITS, ParleyError } from '@parley/protocol';
import { idFrom } from '@parley/runtime';
import { createParley, type Parley } from '@parley/sdk';
import { parseAnnotations, type ReplyLinks } from '../irc/parse-annotations.ts';
import { type IrcEntry, parseIrcLog } from '../irc/parse-irc-log.ts';
import { persist } from '../replay/actor.ts';
import { uniqueHandle } from '../replay/plan.ts';
import { askPassword } from './ask.ts';

export interface ImportSummary {
  readonly file: string;
  readonly room: string;
  readonly messages: number;
  readonly committed: number;
  readonly people: number;
  readonly replies: number;
  readonly skippedLines: number;
  /** Why it was taken back; absent: it was not. */
  readonly reason?: string;
}

export async function importIrc(files: readonly string[], options: { url: string; as: string; json?: boolean }): Promise<void> {
  const password = await askPassword(`Password of ${options.as}: `);
  const parley = createParley({ url: options.url, device: 'parley import' });
  try {
    await parley.login({ handle: options.as, password });
    const done: ImportSummary[] = [];
    for (const file of files) {
      const summary = await importOne(parley, file, (text) => options.json !== true && process.stderr.write(`${text}\n`));
      done.push(summary);
      if (options.json !== true)
        console.log(
          `${summary.file}: ${summary.committed} messages of ${summary.people} people, ${summary.replies} replies, ${summary.skippedLines} lines left out${summary.reason === undefined ? '' : `; taken back: ${summary.reason}`}`,
        );
    }
    if (options.json === true) console.log(JSON.stringify({ imported: done }));
    if (done.some((summary) => summary.committed < summary.messages)) process.exitCode = 1;
  } finally {
    await parley.close();
  }
}

/** Imports one log into a public channel of its name, whole or not at all. The caller must be the installation's owner. */
export async function importOne(parley: Parley, file: string, say: (text: string) => void): Promise<ImportSummary> {
  const { entries, skipped } = parseIrcLog(await readFile(file));
  const name = basename(file).replace(/(\.raw)?\.txt$/, '');
  const links = parseAnnotations(await readFile(file.replace(/\.raw\.txt$/, '.annotation.txt'), 'utf8').catch(() => ''));
  const messages = entries.filter((entry) => entry.kind === 'message');
  if (messages.length === 0) throw new ParleyError('invalid', `There is no message in ${basename(file)}: lines must look like \`[12:34] <nick> text\`.`);
  const handles = handlesOf(messages);
  const records = toRecords(name, messages, handles, links, fileDay(name));
  const people = [...handles].map(([nick, handle]) => ({ handle, name: nick.slice(0, LIMITS.displayNameChars) }));
  const parts: ImportPart[] = [...cut(people).map((some) => ({ people: some })), ...cut(records).map((some) => ({ messages: some }))];
  const done = await runImport(parley, name, parts, say);
  const replies = records.filter((record) => record.replyTo != null).length;
  return {
    file: basename(file),
    room: done.room ?? '',
    messages: records.length,
    committed: done.messages,
    people: people.length,
    replies,
    skippedLines: skipped.length,
    ...(done.reason === null ? {} : { reason: done.reason }),
  };
}

const cut = <T>(all: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(all.length / LIMITS.importBatch) }, (_, i) => all.slice(i * LIMITS.importBatch, (i + 1) * LIMITS.importBatch));

/** Sends the parts and watches until it has ended; the server brings it in, also when this program ends. */
async function runImport(parley: Parley, name: string, parts: readonly ImportPart[], say: (text: string) => void): Promise<ImportProgress> {
  const ask = async (method: 'GET' | 'POST', path: string, body?: object): Promise<ImportProgress> =>
    ImportProgress.parse(await persist(() => parley.call(method, path, body)));
  const begin = (attempt: number) =>
    // Named after the log: run again, it is the same import, and what is there already is only told.
    ask('POST', '/api/imports', { id: idFrom('parley:irc', name, String(attempt)), name: name.slice(0, LIMITS.roomNameChars) });
  let attempt = 0;
  let begun = await begin(attempt);
  // One that was taken back is over; the next one makes a room of its own.
  while (begun.state === 'undone') begun = await begin(++attempt);
  if (begun.state === 'done') return begun;
  const id = begun.import;
  if (begun.state === 'collecting') for (const [n, part] of parts.entries()) await persist(() => parley.call('PUT', `/api/imports/${id}/parts/${n}`, part));
  let at = await ask('POST', `/api/imports/${id}/run`, { parts: parts.length });
  let told = -1;
  while (at.state === 'running' || at.state === 'undoing') {
    if (at.partsDone !== told) say(`${name}: ${at.messages} messages, part ${at.partsDone}/${at.parts}`);
    told = at.partsDone;
    await systemClock.sleep(PROGRESS_MS);
    at = await ask('GET', `/api/imports/${id}`);
  }
  return at;
}

const PROGRESS_MS = 250;

type IrcMessage = Extract<IrcEntry, { kind: 'message' }>;

/** Nick -> handle. One nick is one person over all logs: sorted, so that two nicks that want the same handle get the same ones every time. */
function handlesOf(messages: readonly IrcMessage[]): Map<string, string> {
  const taken = new Set<string>();
  return new Map([...new Set(messages.map((message) => message.nick))].sort().map((nick) => [nick, uniqueHandle(`irc.${nick}`, taken)]));
}

/** Names such as 2004-11-15_03 carry the day; without one the times count from 1970. */
const fileDay = (name: string): number => {
  const day = /\d{4}-\d{2}-\d{2}/.exec(name)?.[0];
  return day === undefined ? 0 : Date.parse(`${day}T00:00:00Z`);
};

type Records = Extract<ImportPart, { messages: unknown }>['messages'];

function toRecords(name: string, messages: readonly IrcMessage[], handles: ReadonlyMap<string, string>, links: ReplyLinks, dayMs: number): Records {
  const byLine = new Map(messages.map((message) => [message.line, message]));
  const idOf = (message: IrcMessage): { author: string; clientId: string } => ({
    author: handles.get(message.nick) ?? '',
    clientId: idFrom('parley:irc', name, String(message.line)),
  });
  return messages.map((message) => {
    const target = byLine.get(links.answers.get(message.line)?.at(-1) ?? -1);
    // Only what came before can be answered.
    const replyTo = target !== undefined && target.line < message.line ? idOf(target) : null;
    return { ...idOf(message), time: dayMs + message.atMs, text: message.text, replyTo };
  });
}

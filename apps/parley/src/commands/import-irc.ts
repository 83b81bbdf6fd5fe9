// `parley import irc`: logs become rooms with their people, times and reply links. Everything goes through the log as commands, and every
// message has a client id made of the room and its line, so an import that was cut off can be run again: nothing doubles.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Imported, type ImportMessages, LIMITS, ParleyError, People } from '@parley/protocol';
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
  readonly rejected: number;
  readonly people: number;
  readonly replies: number;
  readonly skippedLines: number;
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
          `${summary.file}: ${summary.committed} messages of ${summary.people} people, ${summary.replies} replies, ${summary.skippedLines} lines left out`,
        );
    }
    if (options.json === true) console.log(JSON.stringify({ imported: done }));
    if (done.some((summary) => summary.committed < summary.messages)) process.exitCode = 1;
  } finally {
    await parley.close();
  }
}

/** Imports one log into a public channel of its name, made if it is not there. The caller must be the installation's owner. */
export async function importOne(parley: Parley, file: string, say: (text: string) => void): Promise<ImportSummary> {
  const { entries, skipped } = parseIrcLog(await readFile(file));
  const name = basename(file).replace(/(\.raw)?\.txt$/, '');
  const links = parseAnnotations(await readFile(file.replace(/\.raw\.txt$/, '.annotation.txt'), 'utf8').catch(() => ''));
  const messages = entries.filter((entry) => entry.kind === 'message');
  if (messages.length === 0) throw new ParleyError('invalid', `There is no message in ${basename(file)}: lines must look like \`[12:34] <nick> text\`.`);
  const people = await importPeople(parley, messages);
  const room = await findOrCreateRoom(parley, name);
  const users = [...new Set(people.values())];
  for (let from = 0; from < users.length; from += LIMITS.membersPage) {
    await persist(() => parley.call('POST', `/api/rooms/${room}/members`, { users: users.slice(from, from + LIMITS.membersPage) }), ['already_member']);
  }
  const records = toRecords(room, messages, people, links, fileDay(name));
  let committed = 0;
  let rejected = 0;
  for (let from = 0; from < records.length; from += LIMITS.importBatch) {
    const batch: ImportMessages = { messages: records.slice(from, from + LIMITS.importBatch) };
    const answer = Imported.parse(await persist(() => parley.call('POST', `/api/rooms/${room}/import`, batch)));
    committed += answer.committed;
    rejected += answer.rejected;
    say(`${name}: ${Math.min(from + LIMITS.importBatch, records.length)}/${records.length}`);
  }
  const replies = records.filter((record) => record.replyTo != null).length;
  return { file: basename(file), room, messages: records.length, committed, rejected, people: users.length, replies, skippedLines: skipped.length };
}

type IrcMessage = Extract<IrcEntry, { kind: 'message' }>;

/** Nick -> user id. One nick is one person over all logs. */
async function importPeople(parley: Parley, messages: readonly IrcMessage[]): Promise<Map<string, string>> {
  const taken = new Set<string>();
  const handles = new Map<string, string>();
  // Sorted, so that two nicks that want the same handle get the same ones at every import.
  for (const nick of [...new Set(messages.map((message) => message.nick))].sort()) handles.set(nick, uniqueHandle(`irc.${nick}`, taken));
  const ids = new Map<string, string>();
  const all = [...handles.entries()];
  for (let from = 0; from < all.length; from += LIMITS.importBatch) {
    const batch = all.slice(from, from + LIMITS.importBatch);
    const body = { people: batch.map(([nick, handle]) => ({ handle, name: nick.slice(0, LIMITS.displayNameChars) })) };
    const answer = People.parse(await persist(() => parley.call('POST', '/api/people/import', body)));
    for (const person of answer.people) ids.set(person.handle, person.id);
  }
  return new Map(all.map(([nick, handle]) => [nick, ids.get(handle) ?? '']));
}

async function findOrCreateRoom(parley: Parley, name: string): Promise<string> {
  const found = (await parley.publicRooms(name)).find((room) => room.name === name);
  if (found !== undefined) return found.room;
  const made = await parley.createRoom({ kind: 'channel', name, visibility: 'public', history: 'all' });
  return made.room;
}

/** Names such as 2004-11-15_03 carry the day; without one the times count from 1970. */
const fileDay = (name: string): number => {
  const day = /\d{4}-\d{2}-\d{2}/.exec(name)?.[0];
  return day === undefined ? 0 : Date.parse(`${day}T00:00:00Z`);
};

function toRecords(
  room: string,
  messages: readonly IrcMessage[],
  people: ReadonlyMap<string, string>,
  links: ReplyLinks,
  dayMs: number,
): ImportMessages['messages'] {
  const byLine = new Map(messages.map((message) => [message.line, message]));
  const idOf = (message: IrcMessage): { author: string; clientId: string } => ({
    author: people.get(message.nick) ?? '',
    clientId: lineId(room, message.line),
  });
  return messages.map((message) => {
    const target = byLine.get(links.answers.get(message.line)?.at(-1) ?? -1);
    // Only what came before can be answered.
    const replyTo = target !== undefined && target.line < message.line ? idOf(target) : null;
    return { ...idOf(message), time: dayMs + message.atMs, text: message.text, replyTo };
  });
}

/** A UUID (version 8) that is the same at every import of the same line into the same room. */
function lineId(room: string, line: number): string {
  const hex = createHash('sha256').update(`parley-import:${room}:${line}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

// The hops of one trace as the story of one message: in order, with times since it was sent, and what is missing. Pure.
import type { Hop } from './read-traces.ts';

/** Every message passes these, in this order, when it is committed. Those of a message that was refused end with its decision. */
export const HOPS = [
  'gateway.accept',
  'log.append',
  'messages.decide',
  'messages.commit',
  'feed.publish',
  'gateway.write',
  'log.relay',
  'notifications.decide',
] as const;

export interface StoryHop extends Hop {
  /** Since the first hop began. */
  readonly afterMs: number;
  readonly tookMs: number;
}

export interface Story {
  readonly trace: string;
  readonly room: string | null;
  readonly seq: number | null;
  readonly clientId: string | null;
  /** What became of it: committed, or a code; null: not decided, as far as is known. */
  readonly outcome: string | null;
  readonly hops: readonly StoryHop[];
  /** Hops that it should have passed and that nobody tells of (yet). */
  readonly missing: readonly string[];
}

/** One story for each trace, the oldest first. */
export function storiesOf(hops: readonly Hop[]): readonly Story[] {
  return [...Map.groupBy(hops, (hop) => hop.trace)]
    .map(([trace, own]) => storyOf(trace, own))
    .sort((a, b) => (a.hops[0]?.startMs ?? 0) - (b.hops[0]?.startMs ?? 0));
}

function storyOf(trace: string, hops: readonly Hop[]): Story {
  // Hops of one millisecond stand in the order of the path.
  const place = new Map(pathOrder(hops).map((hop, index) => [hop, index]));
  const inOrder = [...hops].sort((a, b) => Math.floor(a.startMs * 10) - Math.floor(b.startMs * 10) || (place.get(a) ?? 0) - (place.get(b) ?? 0));
  const beganMs = inOrder[0]?.startMs ?? 0;
  const said = (key: string): unknown => hops.find((hop) => hop.said[key] !== undefined)?.said[key] ?? null;
  const outcome = (hops.filter((hop) => hop.name === 'messages.commit').at(-1)?.said.outcome as string | undefined) ?? null;
  const refused = hops.find((hop) => hop.name === 'gateway.accept' && hop.error !== null && hop.error !== 'unavailable');
  const names = new Set(hops.map((hop) => hop.name));
  const expected = refused !== undefined ? HOPS.slice(0, 1) : outcome === null || outcome === 'committed' ? HOPS : HOPS.slice(0, 4);
  return {
    trace,
    room: said('room') as string | null,
    seq: said('seq') as number | null,
    clientId: said('clientId') as string | null,
    outcome: refused?.error ?? outcome,
    hops: inOrder.map((hop) => ({ ...hop, afterMs: hop.startMs - beganMs, tookMs: hop.endMs - hop.startMs })),
    missing: expected.filter((name) => !names.has(name)),
  };
}

/** Parents before what they set off. */
function pathOrder(hops: readonly Hop[]): readonly Hop[] {
  const children = Map.groupBy(hops, (hop) => hop.parent);
  const ids = new Set(hops.map((hop) => hop.span));
  const below = (hop: Hop): Hop[] => [hop, ...(children.get(hop.span) ?? []).flatMap(below)];
  return hops.filter((hop) => hop.parent === null || !ids.has(hop.parent)).flatMap(below);
}

const ms = (value: number): string => value.toFixed(1).padStart(8);

/** Lines for a person. */
export function tellStory(story: Story): string {
  const head = [`trace ${story.trace}`];
  if (story.room !== null) head.push(`room ${story.room}${story.seq === null ? '' : `, message ${story.seq}`}`);
  if (story.clientId !== null) head.push(`client id ${story.clientId}`);
  head.push(`outcome ${story.outcome ?? 'not known'}`);
  const lines = story.hops.map((hop) => `${ms(hop.afterMs)} ms ${ms(hop.tookMs)} ms  ${hop.name.padEnd(21)} ${hop.process.padEnd(14)} ${wordsOf(hop)}`);
  const columns = `${'at'.padStart(11)} ${'took'.padStart(11)}  ${'hop'.padEnd(21)} process`;
  return [head.join('\n'), '', columns, ...lines, '', missingWords(story)].join('\n');
}

const missingWords = ({ missing }: Story): string =>
  missing.length === 0
    ? 'Every hop is there.'
    : `Missing: ${missing.join(', ')}. It has not come there yet, its process died with the span, or it could not be written.`;

function wordsOf({ said, error }: StoryHop): string {
  const words: string[] = [];
  if (error !== null) words.push(`FAILED: ${error}`);
  if (typeof said.outcome === 'string') words.push(said.outcome);
  if (said.partition !== undefined) words.push(`partition ${said.partition}`);
  if (typeof said.batch === 'number' && said.batch > 1) words.push(`${said.batch} together`);
  if (typeof said.attempt === 'number' && said.attempt > 1) words.push(`try ${said.attempt}`);
  if (said.device !== undefined) words.push(`device ${said.device}`);
  if (typeof said.sockets === 'number') words.push(said.sockets === 1 ? '1 socket' : `${said.sockets} sockets`);
  if (typeof said.behind === 'number') words.push(`${said.behind} catching up`);
  const { socketIds, users } = said as { socketIds?: readonly string[]; users?: readonly string[] };
  const named = (socketIds ?? []).map((id, index) => `\n${' '.repeat(26)}socket ${id} of ${users?.[index] ?? 'nobody'}`);
  return words.join(', ') + named.join('');
}

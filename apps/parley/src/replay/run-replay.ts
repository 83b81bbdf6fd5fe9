// Replays a plan against a server with real clients, and hands everything they did and saw to the checker.
import type { HistoryRecord } from '@parley/checker';
import { LIMITS } from '@parley/protocol';
import { type Actor, createActor, persist, until } from './actor.ts';
import { finalRecords } from './final-records.ts';
import type { Plan, PlannedStep } from './plan.ts';

export interface ReplayOptions {
  readonly plan: Plan;
  readonly url: string;
  readonly loadKey: string | undefined;
  /** An account that may make rooms: the owner of a private server, or one that is registered for the replay. */
  readonly owner: { readonly handle: string; readonly password: string };
  /** Log time runs this much faster. */
  readonly speed: number;
  /** Begun at the step with this index, one after the other, beside the replay: for kills. */
  readonly interrupt: ReadonlyMap<number, () => Promise<void>>;
  /** Gets everything that the clients did and saw, as it happens. */
  readonly record: (record: HistoryRecord) => void;
  readonly onProgress: (done: number, phase: 'accounts' | 'replay' | 'settling') => void;
}

export interface ReplayRun {
  /** Steps that failed for good, in words. */
  readonly failures: readonly string[];
  readonly wallMs: number;
}

const REGISTER_CONCURRENCY = 4;
const SETTLE_MS = 120_000;

export async function runReplay(options: ReplayOptions): Promise<ReplayRun> {
  const { plan } = options;
  const failures: string[] = [];
  let recording = true;
  const record = (entry: HistoryRecord): void => {
    if (recording) options.record(entry);
  };
  const fail = (what: string, error: unknown): void => {
    failures.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  };
  const password = `replay-${Math.random().toString(36).slice(2)}`;
  const make = (handle: string, name: string, secret = password): Promise<Actor> =>
    createActor({ url: options.url, handle, name, password: secret, loadKey: options.loadKey, record, onError: fail });

  const owner = await make(options.owner.handle, 'Replay', options.owner.password);
  await owner.parley.connect();
  const rooms = await makeRooms(owner, plan);
  const actors = await makeActors(plan, make, options.onProgress);
  const started = performance.now();
  const connected = new Set<number>();
  let interrupts = Promise.resolve();
  const present = plan.logs.map(() => new Set<number>([]));
  for (const [index, step] of plan.steps.entries()) {
    const interrupt = options.interrupt.get(index);
    // Not waited for here: people go on typing while the server is away.
    if (interrupt !== undefined) interrupts = interrupts.then(interrupt);
    const wait = started + step.atMs / options.speed - performance.now();
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
    const actor = actors[step.person];
    const room = rooms[step.log];
    if (actor === undefined || room === undefined) throw new Error('The plan names somebody who is not in it.');
    if (!connected.has(step.person)) {
      connected.add(step.person);
      actor.queue('connect', () => actor.parley.connect());
    }
    if (step.kind === 'join') present[step.log]?.add(step.person);
    if (step.kind === 'part') present[step.log]?.delete(step.person);
    act(actor, room, step, fail);
    options.onProgress(index + 1, 'replay');
  }
  options.onProgress(plan.steps.length, 'settling');
  await interrupts;
  await Promise.all(actors.map((actor) => actor.idle()));
  await settle(actors, fail);
  for (const record of await finalRecords({ owner, actors, rooms, present, fail, settleMs: SETTLE_MS })) options.record(record);
  const wallMs = performance.now() - started;
  // What is judged is the world at rest, with everybody still there.
  recording = false;
  await Promise.all([owner, ...actors].map((actor) => actor.parley.close()));
  return { failures, wallMs };
}

async function makeRooms(owner: Actor, plan: Plan): Promise<string[]> {
  const rooms: string[] = [];
  for (const name of plan.logs) {
    const made = await persist(() => owner.parley.createRoom({ kind: 'channel', name, visibility: 'public', history: 'all' }));
    await until(owner.parley, () => owner.parley.state.rooms.has(made.room), `the room ${name}`, SETTLE_MS);
    await owner.parley.room(made.room).open();
    rooms.push(made.room);
  }
  return rooms;
}

async function makeActors(plan: Plan, make: (handle: string, name: string) => Promise<Actor>, onProgress: ReplayOptions['onProgress']): Promise<Actor[]> {
  const actors: Actor[] = new Array(plan.people.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < plan.people.length; index = next++) {
      const person = plan.people[index];
      if (person !== undefined) actors[index] = await make(person.handle, displayName(person.nick));
      onProgress(index + 1, 'accounts');
    }
  };
  await Promise.all(Array.from({ length: REGISTER_CONCURRENCY }, worker));
  return actors;
}

/** Nicks may be longer than names. */
const displayName = (nick: string): string => nick.slice(0, LIMITS.displayNameChars);

function act(actor: Actor, room: string, step: PlannedStep, fail: (what: string, error: unknown) => void): void {
  const handle = actor.parley.room(room);
  if (step.kind === 'join') {
    actor.queue('join', async () => {
      await persist(() => handle.join(), ['already_member']);
      await until(actor.parley, () => actor.parley.state.rooms.has(room), 'join', SETTLE_MS);
      await persist(() => handle.open());
    });
  } else if (step.kind === 'part') {
    actor.queue('part', async () => {
      // What was said before leaving must be in the log before the leaving is.
      await Promise.all(actor.said);
      await persist(() => handle.leave(), ['not_member', 'not_found']);
      await until(actor.parley, () => !actor.parley.state.rooms.has(room), 'leave', SETTLE_MS);
    });
  } else if (step.kind === 'rename') {
    actor.queue('rename', () => persist(() => actor.parley.account.rename(displayName(step.to))));
  } else {
    // Sent in order, not waited for: a person types on while the last line is under way.
    actor.queue('post', async () => {
      actor.said.push(handle.send(step.text).catch((error: unknown) => fail(`line ${step.line + 1} of log ${step.log + 1}`, error)));
    });
  }
}

async function settle(actors: readonly Actor[], fail: (what: string, error: unknown) => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), SETTLE_MS);
  });
  const all = Promise.all(actors.flatMap((actor) => actor.said)).then(() => 'all' as const);
  if ((await Promise.race([all, late])) === 'late') fail('settling', new Error(`some messages had no result after ${SETTLE_MS / 1000} s`));
  clearTimeout(timer);
}

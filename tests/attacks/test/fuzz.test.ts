// Broken packets and bodies from a seed: valid ones, cut, doubled, flipped and spliced. After each the process lives, answers or closes by
// its rules, and the room of those who did nothing still takes what they say.
import { randomUUID } from 'node:crypto';
import { connect as connectTcp, type Socket as Tcp } from 'node:net';
import { createSeededRng } from '@parley/ports';
import { ERRORS, LIMITS, LOAD_KEY_HEADER } from '@parley/protocol';
import type { Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { attackTarget, command, postOf, type Someone, type Target } from './target.ts';

const SEED = 20_261_121;
const PACKETS = 6_000;
const BODIES = 3_000;

let target: Target;
let witness: Someone;
let attacker: Someone;
let room: string;
let attackersRoom: string;
let witnessSocket: Socket;
let said = 0;
const unhandled: unknown[] = [];
const onUnhandled = (error: unknown): void => {
  unhandled.push(error);
};

beforeAll(async () => {
  process.on('unhandledRejection', onUnhandled);
  process.on('uncaughtExceptionMonitor', onUnhandled);
  target = await attackTarget();
  witness = await target.someone('witness');
  attacker = await target.someone('attacker');
  room = await target.channel(witness);
  attackersRoom = await target.channel(attacker);
  witnessSocket = await target.socket(witness.token);
});
/** What the others get: their message is committed, and nothing but theirs is in the room. */
async function roomWorks(): Promise<void> {
  expect(await target.post(witnessSocket, room, `witness ${said}`)).toEqual(expect.objectContaining({ status: 'committed', seq: 3 + said }));
  said += 1;
}
afterEach(async () => {
  await roomWorks();
  expect(unhandled).toEqual([]);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  expect((await target.call('GET', '/health/ready')).body).toMatchObject({ status: 'ok', problems: [] });
});
afterAll(async () => {
  process.off('unhandledRejection', onUnhandled);
  process.off('uncaughtExceptionMonitor', onUnhandled);
  await target.close();
});

const rng = createSeededRng(SEED);
const below = (max: number): number => Math.floor(rng.random() * max);
const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
const TOKENS = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ',',
  ':',
  '\\',
  '\\u0000',
  '\\ud800',
  'null',
  'true',
  '-1',
  '1e999',
  '9007199254740993',
  '"__proto__":{"polluted":true},',
  '"constructor":{"prototype":{"polluted":true}},',
  '_placeholder',
  '\u0000',
  '\ud800',
  '\u202e',
  '💣',
  '0',
  '1',
  '2',
  '3',
  '4',
  '5',
  '6',
  '/admin,',
  '99999999999999999999',
  '-',
  '[[[[[[[[',
  'x'.repeat(300),
] as const;

function mutate(text: string): string {
  let mutant = text;
  for (let i = 0; i <= below(3); i++) {
    const at = below(mutant.length + 1);
    const to = at + below(12);
    switch (below(5)) {
      case 0:
        mutant = mutant.slice(0, at) + mutant.slice(to);
        break;
      case 1:
        mutant = mutant.slice(0, at) + pick(TOKENS) + mutant.slice(at);
        break;
      case 2:
        mutant = mutant.slice(0, at) + pick(TOKENS) + mutant.slice(to);
        break;
      case 3:
        mutant = mutant.slice(0, to) + mutant.slice(at);
        break;
      default:
        mutant = mutant.slice(0, at) + String.fromCharCode(below(0x1_0000)) + mutant.slice(at + 1);
    }
  }
  return mutant;
}

const packets = (): readonly string[] => [
  `421["send",${JSON.stringify(postOf(attackersRoom, 'hello'))}]`,
  `422["send",${JSON.stringify({ type: 'message.edit', room: attackersRoom, clientId: randomUUID(), body: { target: 3, text: 'x' } })}]`,
  `423["send",${JSON.stringify({ type: 'reaction.add', room: attackersRoom, clientId: randomUUID(), body: { target: 3, emoji: '👍' } })}]`,
  `424["resume",${JSON.stringify({ me: 1, rooms: { [attackersRoom]: { epoch: randomUUID(), seq: 1 } } })}]`,
  `425["read",${JSON.stringify({ room: attackersRoom, seq: 1, n: 1 })}]`,
  `42["typing",${JSON.stringify({ room: attackersRoom, on: true })}]`,
  `426["watch",${JSON.stringify({ people: [attacker.user] })}]`,
  `427["auth",{"token":"${attacker.token}"}]`,
  `40{"token":"${attacker.token}","protocol":1}`,
  '41',
  '43[1]',
  '44{"message":"x"}',
  '451-8["send",{"_placeholder":true,"num":0}]',
  '45999999-["send",{"_placeholder":true,"num":999998}]',
  '461-1[{"_placeholder":true,"num":0}]',
  '2probe',
  '3',
  '5',
  '6',
  'b4AAAA',
];

/** A raw connection that has said who it is. On a fast machine the gateway admits fewer than are tried: then it is tried again when the gateway said. */
function open(): Promise<WebSocket> {
  const socket = new WebSocket(`${target.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  return new Promise((resolve, reject) => {
    socket.on('error', () => {});
    const onClose = (): void => reject(new Error('closed at the handshake'));
    socket.once('close', onClose);
    socket.on('message', function wait(data) {
      const text = String(data);
      if (text.startsWith('44')) socket.off('close', onClose);
      if (text.startsWith('0')) socket.send(`40{"token":"${attacker.token}","protocol":${LIMITS.protocolVersion}}`);
      if (text.startsWith('44')) {
        const { data: refused } = JSON.parse(text.slice(2)) as { data: { code: string; retryAfterMs: number } };
        if (refused.code === 'overloaded') setTimeout(() => open().then(resolve, reject), refused.retryAfterMs);
        else reject(new Error(text));
        return;
      }
      if (!text.startsWith('42["hello"')) return;
      socket.off('message', wait);
      resolve(socket);
    });
  });
}

/** Sends it and a question after it: true when that is answered, false when the connection was closed instead. */
function survives(socket: WebSocket, packet: string | Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (alive: boolean): void => {
      socket.off('message', onMessage);
      socket.off('close', onClose);
      resolve(alive);
    };
    const onMessage = (data: unknown): void => {
      if (String(data).startsWith('43777[')) done(true);
    };
    const onClose = (): void => done(false);
    socket.on('message', onMessage);
    socket.on('close', onClose);
    socket.send(packet);
    socket.send('42777["no such event"]');
  });
}

describe('packets', () => {
  it(`of seed ${SEED} end in an answer or in a closed connection`, async () => {
    const ends = { answered: 0, closed: 0 };
    const mutants = Array.from({ length: PACKETS }, () => {
      const text = mutate(pick(packets()));
      return below(20) === 0 ? Buffer.from(text) : text;
    });
    const work = async (): Promise<void> => {
      let socket = await open();
      for (let mutant = mutants.pop(); mutant !== undefined; mutant = mutants.pop()) {
        if (await survives(socket, mutant)) ends.answered += 1;
        else {
          ends.closed += 1;
          socket = await open();
        }
        if (mutants.length % 500 === 0) await roomWorks();
      }
      socket.terminate();
    };
    await Promise.all(Array.from({ length: 8 }, work));
    expect(ends.answered + ends.closed).toBe(PACKETS);
    // Were one of them zero, nothing would have been tried.
    expect(Math.min(ends.answered, ends.closed)).toBeGreaterThan(100);
  });

  it('in 5,000 fragments are taken as one or closed, and cost nobody else', async () => {
    const socket = await open();
    const sent = postOf(attackersRoom, 'y'.repeat(4_900));
    const text = `42["send",${JSON.stringify(sent)}]`;
    const closed = new Promise((resolve) => socket.once('close', () => resolve('closed')));
    const result = new Promise((resolve) => socket.on('message', (data) => String(data).includes(sent.clientId) && resolve('taken')));
    for (let i = 0; i < text.length; i++) socket.send(text[i] ?? '', { fin: i === text.length - 1 });
    expect(['closed', 'taken']).toContain(await Promise.race([closed, result]));
    socket.terminate();
  });

  it('that promise attachments without end are closed or let be', async () => {
    const socket = await open();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.send('45100000-["send",{"_placeholder":true,"num":0}]');
    for (let i = 0; i < 2_000 && socket.readyState === WebSocket.OPEN; i++) socket.send(Buffer.alloc(1_000));
    socket.send('42778["no such event"]');
    await closed;
  });

  it('of the greatest size are taken, and of one more refused by name', async () => {
    const socket = await target.socket(attacker.token);
    expect((await target.post(socket, attackersRoom, 'z'.repeat(LIMITS.messageBytes))).status).toBe('committed');
    expect(await target.post(socket, attackersRoom, 'z'.repeat(LIMITS.messageBytes + 1))).toEqual({ status: 'refused', code: 'invalid' });
    expect(await target.post(socket, attackersRoom, '€'.repeat(LIMITS.messageBytes / 3 + 1))).toEqual({ status: 'refused', code: 'invalid' });
    socket.disconnect();
  });
});

describe('HTTP bodies', () => {
  it(`of seed ${SEED} are answered by name, never with 500`, async () => {
    const bodies: readonly (readonly [string, string, object])[] = [
      ['POST', '/api/accounts/register', { handle: 'fuzz', password: 'weak', device: 'x', invitation: 'y' }],
      ['POST', '/api/accounts/refresh', { refreshToken: attacker.refreshToken.slice(0, -1) }],
      ['PATCH', '/api/me', { name: 'Name' }],
      ['PUT', '/api/me/state/pref:fuzz', { value: { a: [1, { b: 'text' }] } }],
      ['PUT', `/api/me/state/draft:${attackersRoom}`, { value: { text: 'draft', replyTo: 3 } }],
      ['POST', '/api/rooms', { kind: 'group', name: 'x', topic: 'y', history: 'all', members: [witness.user] }],
      ['PATCH', `/api/rooms/${attackersRoom}`, { name: 'n', topic: 't' }],
      ['POST', `/api/rooms/${attackersRoom}/members`, { users: [attacker.user] }],
      ['PUT', `/api/rooms/${attackersRoom}/members/${attacker.user}`, { role: 'owner' }],
      ['POST', `/api/rooms/${attackersRoom}/invitations`, { uses: 3, expiresInMs: 1000 }],
      ['POST', `/api/rooms/${attackersRoom}/read`, { seq: 3, n: 4 }],
      ['POST', '/api/direct', { user: attacker.user }],
      ['GET', `/api/rooms/${attackersRoom}/messages?around=5&limit=10`, {}],
      ['GET', '/api/people?q=someone', {}],
      ['GET', `/api/me/changes?after=12`, {}],
      ['POST', '/api/invitations/abcdefghij/accept', {}],
    ];
    const work = Array.from({ length: BODIES }, () => {
      const [method, path, body] = pick(bodies);
      if (method !== 'GET' && below(5) > 0) return { method, path, raw: mutate(JSON.stringify(body)) };
      // The address, as far as fetch lets it through.
      const mutant = path.slice(0, 8) + encodeURI(mutate(path.slice(8)).toWellFormed()).replaceAll('#', '%23');
      return { method, path: mutant, ...(method === 'GET' ? {} : { raw: JSON.stringify(body) }) };
    });
    const codes = new Map<string, number>();
    const ask = async (): Promise<void> => {
      for (let next = work.pop(); next !== undefined; next = work.pop()) {
        const { method, path, ...more } = next;
        const answer = await target.call(method, path, { token: attacker.token, headers: { [LOAD_KEY_HEADER]: target.loadKey }, ...more });
        expect(answer.status, `${method} ${path} ${JSON.stringify(more)}: ${answer.text.slice(0, 200)}`).toBeLessThan(500);
        if (answer.code !== 'ok') expect(Object.keys(ERRORS), `${method} ${path}: ${answer.text.slice(0, 200)}`).toContain(answer.code);
        codes.set(answer.code, (codes.get(answer.code) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: 8 }, ask));
    expect(codes.get('invalid') ?? 0).toBeGreaterThan(BODIES / 4);
    expect(codes.get('ok') ?? 0).toBeGreaterThan(10);
  });

  it('larger than the limit, nested deeper, or never ending are refused', async () => {
    const { token } = attacker;
    expect((await target.call('PUT', '/api/me/state/pref:a', { token, raw: `{"value":"${'x'.repeat(LIMITS.bodyBytes)}"}` })).code).toBe('too_large');
    const nested = (depth: number): string => `{"value":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
    expect((await target.call('PUT', '/api/me/state/pref:a', { token, raw: nested(LIMITS.jsonDepth) })).code).toBe('ok');
    expect((await target.call('PUT', '/api/me/state/pref:a', { token, raw: nested(LIMITS.jsonDepth + 1) })).code).toBe('invalid');
    const long = await target.call('GET', `/api/people?q=${'a'.repeat(60_000)}`, { token });
    expect(long.status).toBeGreaterThanOrEqual(400);
    expect(long.status).toBeLessThan(500);
  });
});

describe('connections', () => {
  it('of one person are limited by name', async () => {
    const person = await target.someone('many', { loadKey: false });
    const ends = await Promise.allSettled(Array.from({ length: 30 }, () => target.socket(person.token)));
    const opened = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
    expect(opened).toHaveLength(20);
    for (const end of ends)
      if (end.status === 'rejected') expect(end.reason.data).toMatchObject({ code: 'too_many_sockets', retryAfterMs: expect.any(Number) });
    for (const socket of opened) socket.disconnect();
  });

  it('that never finish their handshake keep nobody out', async () => {
    const { hostname, port } = new URL(target.url);
    const slow: Tcp[] = [];
    const begin = (text: string): Promise<void> =>
      new Promise((resolve, reject) => {
        const socket = connectTcp(Number(port), hostname, () => socket.write(text, () => resolve()));
        socket.on('error', reject);
        slow.push(socket);
      });
    const upgrade = `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${Buffer.alloc(16).toString('base64')}\r\n`;
    await Promise.all(
      Array.from({ length: 300 }, (_, i) =>
        begin(
          [upgrade, `${upgrade}\r\n`, 'POST /api/accounts/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{'][
            i % 3
          ] ?? '',
        ),
      ),
    );
    const other = await target.socket(witness.token);
    expect((await target.post(other, room, `witness ${said}`)).status).toBe('committed');
    said += 1;
    expect((await target.call('GET', '/api/me', { token: witness.token })).code).toBe('ok');
    other.disconnect();
    for (const socket of slow) socket.destroy();
  });

  it.each(['typing', 'read', 'watch', 'send', 'resume', 'auth'])('that flood %s are slowed by name, and closed when they go on', async (name) => {
    const person = await target.someone('flood', { loadKey: false });
    const socket = await target.socket(person.token);
    const bye = new Promise<{ code: string }>((resolve) => socket.once('bye', resolve));
    const closed = new Promise((resolve) => socket.once('disconnect', resolve));
    const payload = { room, on: true, seq: 1, n: 1, people: [witness.user], token: person.token, me: null, rooms: {} };
    const one = { typing: ['room', 'on'], read: ['room', 'seq', 'n'], watch: ['people'], auth: ['token'], resume: ['me', 'rooms'] }[name] ?? [];
    const frame = name === 'send' ? postOf(room, 'flood') : Object.fromEntries(one.map((key) => [key, payload[key as keyof typeof payload]]));
    const codes = new Set<string>();
    const burst = (): Promise<unknown> => {
      const acks = Array.from({ length: 400 }, () => socket.emitWithAck(name, frame).then((ack) => codes.add(ack.ok ? 'ok' : ack.error.code)));
      return Promise.all(acks).catch(() => 'closed');
    };
    const flood = (async () => {
      while (socket.connected) await Promise.race([burst(), closed]);
    })();
    const during = await command(witnessSocket, postOf(room, `witness ${said}`));
    expect(during.status).toBe('committed');
    said += 1;
    expect((await bye).code).toBe('slow_down');
    await flood;
    expect([...codes]).toContain('slow_down');
    // Coming back does not refill the bucket.
    const again = await target.socket(person.token);
    const ack = await again.emitWithAck('nope', {});
    expect(['slow_down', 'unknown_event']).toContain(ack.error.code);
    again.disconnect();
  });
});

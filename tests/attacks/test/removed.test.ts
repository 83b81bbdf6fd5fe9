// Somebody is removed while everything of theirs is busy: sockets that listen, sockets that resume, pages that are read. Every byte that
// reaches them is kept and searched: nothing of the room at or after the removal is in it, by any path.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { attackTarget, type Someone, type Target } from './target.ts';

let target: Target;
let ann: Someone;
let ben: Someone;

beforeAll(async () => {
  target = await attackTarget();
  ann = await target.someone('ann');
  ben = await target.someone('ben');
});
afterAll(() => target.close());

interface Tap {
  readonly bytes: string[];
  /** Resolves when some frame contains it. */
  contains(text: string): Promise<void>;
  /** Resolves when all that was written to this socket before now is in `bytes`. */
  flushed(): Promise<void>;
  close(): void;
}

/** A raw socket that keeps all that it gets. It resumes at `at`: the room's place, or none. */
function tap(token: string, rooms: object): Promise<Tap> {
  const socket = new WebSocket(`${target.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  const bytes: string[] = [];
  const watchers = new Set<() => void>();
  let asked = 100;
  const contains = (text: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!bytes.some((frame) => frame.includes(text))) return;
        watchers.delete(look);
        resolve();
      };
      watchers.add(look);
      look();
    });
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (data) => {
      const frame = String(data);
      bytes.push(frame);
      if (frame.startsWith('0')) socket.send(`40{"token":"${token}","protocol":1}`);
      if (frame === '2') socket.send('3');
      if (frame.startsWith('44')) reject(new Error(frame));
      if (frame.startsWith('42["hello"')) socket.send(`421["resume",${JSON.stringify({ me: null, rooms })}]`);
      for (const watcher of [...watchers]) watcher();
      if (!frame.startsWith('431[')) return;
      const flushed = (): Promise<void> => {
        const id = ++asked;
        socket.send(`42${id}["watch",{"people":[]}]`);
        return contains(`43${id}[`);
      };
      resolve({ bytes, contains, flushed, close: () => socket.terminate() });
    });
  });
}

/** seq of every event of the room in these bytes; pages of HTTP and frames of the socket alike. */
const seqsOf = (text: string, room: string): number[] =>
  [...text.matchAll(new RegExp(`"room":"${room}","seq":(\\d+),"(?:author|time)"`, 'g'))].map((match) => Number(match[1]));

describe('who is removed', () => {
  it.each([0, 3, 12, 25])('after %i of forty messages that are under way gets nothing from then on, by any path', async (before) => {
    const eve = await target.someone('eve');
    const room = await target.channel(ann, [ben, eve]);
    const { epoch } = await target
      .must<{ rooms: { epoch: string }[] }>('GET', `/api/me/rooms?ids=${room}`, { token: eve.token })
      .then(({ rooms }) => rooms[0] ?? { epoch: '' });
    const poster = await target.socket(ann.token);
    const member = await tap(ben.token, {});
    const taps = await Promise.all([tap(eve.token, {}), tap(eve.token, { [room]: { epoch, seq: 1 } }), tap(eve.token, {})]);

    const pages: string[] = [];
    let over = false;
    const paging = ['messages?limit=200', 'snapshot', 'events?after=0&limit=500', 'messages?after=1'].map(async (what) => {
      while (!over) pages.push((await target.call('GET', `/api/rooms/${room}/${what}`, { token: eve.token })).text);
    });
    const resuming = (async () => {
      while (!over) taps.push(await tap(eve.token, { [room]: { epoch, seq: 2 } }));
    })();

    const posts = Array.from({ length: 40 }, (_, i) => target.post(poster, room, `under way ${i}`));
    await posts[before];
    const { seq: removal } = await target.must<{ seq: number }>('DELETE', `/api/rooms/${room}/members/${eve.user}`, { token: ann.token });
    await Promise.all(posts);
    const canaries = [0, 1, 2].map((i) => `CANARY-${before}-${i}`);
    for (const canary of canaries) expect((await target.post(poster, room, canary)).status).toBe('committed');
    await target.must('PATCH', `/api/rooms/${room}`, { token: ann.token, body: { name: `CANARY-${before}-name` } });
    poster.emit('typing', { room, on: true });
    await member.contains(`CANARY-${before}-name`);
    over = true;
    await Promise.all([...paging, resuming]);
    const late = await tap(eve.token, { [room]: { epoch, seq: removal - 1 } });
    taps.push(late);
    await Promise.all(taps.map((one) => one.flushed()));

    expect(removal).toBeGreaterThan(before);
    // The check can fail: who stayed has both.
    expect(member.bytes.join('')).toContain(canaries[0]);
    expect(seqsOf(member.bytes.join('\n'), room)).toContain(removal);
    const got = [...taps.flatMap((one) => one.bytes), ...pages];
    expect(got.filter((text) => text.includes('CANARY'))).toEqual([]);
    expect(got.flatMap((text) => seqsOf(text, room)).filter((seq) => seq >= removal)).toEqual([]);
    expect(late.bytes.find((frame) => frame.startsWith('431['))).toContain(`"gone":["${room}"]`);

    for (const what of ['messages', 'snapshot', `events?after=${removal}`, 'members', 'invitations']) {
      const answer = await target.call('GET', `/api/rooms/${room}/${what}`, { token: eve.token });
      expect([what, answer.status, answer.code]).toEqual([what, 404, 'not_found']);
    }
    for (const path of [`/api/me/rooms?ids=${room}`, '/api/me/rooms', '/api/rooms/public', '/api/rooms/public?q=CANARY'])
      expect((await target.call('GET', path, { token: eve.token })).text).not.toContain(room);
    const { changes } = await target.must<{ changes: { key: string; value: unknown }[] }>('GET', '/api/me/changes', { token: eve.token });
    expect(changes.filter(({ key, value }) => key.endsWith(room) && value !== null && !key.startsWith('read:'))).toEqual([]);
    for (const one of [...taps, member]) one.close();
    poster.disconnect();
  });

  it('hears no typing of those who stayed, and is heard by none of them', async () => {
    const eve = await target.someone('eve');
    const room = await target.channel(ann, [ben, eve]);
    const [hers, bens] = [await tap(eve.token, {}), await tap(ben.token, {})];
    await target.must('DELETE', `/api/rooms/${room}/members/${eve.user}`, { token: ann.token });
    const [annSocket, eveSocket] = [await target.socket(ann.token), await target.socket(eve.token)];
    await eveSocket.emitWithAck('resume', { me: null, rooms: {} });
    await annSocket.emitWithAck('resume', { me: null, rooms: {} });
    // What the removed one sends is taken first. The other types on, as people do: a gateway with too much to do passes over who begins.
    await eveSocket.emitWithAck('typing', { room, on: true });
    await annSocket.emitWithAck('typing', { room, on: true });
    const keys = setInterval(() => annSocket.emit('typing', { room, on: true }), 500);
    await bens.contains('"typing"').finally(() => clearInterval(keys));
    await hers.flushed();
    expect(hers.bytes.filter((frame) => frame.includes('"typing"'))).toEqual([]);
    expect(bens.bytes.filter((frame) => frame.includes('"typing"') && frame.includes(eve.user))).toEqual([]);
    for (const one of [hers, bens]) one.close();
    for (const socket of [annSocket, eveSocket]) socket.disconnect();
  });

  it('whose session is ended loses every socket of it, and no other', async () => {
    const eve = await target.someone('eve');
    const other = await target.login(eve);
    const sockets = await Promise.all([eve, eve, other].map((who) => target.socket(who.token)));
    const byes = sockets.slice(0, 2).map((socket) => new Promise<{ code: string }>((resolve) => socket.once('bye', resolve)));
    await target.must('DELETE', `/api/sessions/${eve.session}`, { token: other.token });
    expect((await Promise.all(byes)).map(({ code }) => code)).toEqual(['session_revoked', 'session_revoked']);
    expect(await sockets[2]?.emitWithAck('watch', { people: [] })).toMatchObject({ ok: true });
    for (const path of ['/api/me', '/api/me/rooms', '/api/rooms/public'])
      expect((await target.call('GET', path, { token: eve.token })).code).toBe('session_revoked');
    expect((await target.call('POST', '/api/accounts/refresh', { body: { refreshToken: eve.refreshToken } })).code).toBe('session_revoked');
    for (const socket of sockets) socket.disconnect();
  });

  it('and whose password was changed has no session left but the one that changed it', async () => {
    const eve = await target.someone('eve');
    const other = await target.login(eve);
    const socket = await target.socket(eve.token);
    const bye = new Promise<{ code: string }>((resolve) => socket.once('bye', resolve));
    await target.must('POST', '/api/me/password', { token: other.token, body: { current: eve.password, next: 'an entirely new one' } });
    expect((await bye).code).toBe('session_revoked');
    await expect(target.socket(eve.token)).rejects.toMatchObject({ data: { code: 'session_revoked' } });
    expect((await target.call('GET', '/api/me', { token: other.token })).code).toBe('ok');
  });
});

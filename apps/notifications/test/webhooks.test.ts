// Stories of outgoing webhooks, with a real receiver: signed, retried, parked, switched off; and only for who runs the room.
import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WEBHOOK } from '../src/fold-events.ts';
import type { Someone } from './messages-stand-in.ts';
import { startWorld, type World } from './world.ts';

interface Delivery {
  readonly id: string;
  readonly signature: string;
  readonly text: string;
  readonly body: { id: string; type: string; room: string; seq: number; event: { body: { text: string | null } } };
}

let world: World;
let receiver: Server;
let url: string;
let got: Delivery[];
let statuses: number[];
let owner: Someone;
let admin: Someone;
let member: Someone;
let room: string;

beforeEach(async () => {
  got = [];
  statuses = [];
  receiver = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const { 'parley-id': id, 'parley-signature': signature } = request.headers;
    got.push({ id: String(id), signature: String(signature), text, body: JSON.parse(text) as Delivery['body'] });
    const status = statuses.shift() ?? 200;
    response.writeHead(status, status === 302 ? { location: `${url}/elsewhere` } : {}).end('thanks');
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  world = await startWorld();
  [owner, admin, member] = [world.said.person('owner'), world.said.person('admin'), world.said.person('member')];
  room = await world.said.room('group', 'Garden', [owner, admin, member]);
  await world.said.say(room, owner, 'member.role_changed', { user: admin.id, role: 'admin' });
});
afterEach(async () => {
  await world.stop();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});

const hooks = (): string => `/api/rooms/${room}/webhooks`;
async function make(who: Someone, events = ['message.posted']): Promise<{ id: string; secret: string }> {
  // It is for what comes after it: earlier events must have gone by.
  await world.settled();
  const { body } = (await world.as(who)('POST', hooks(), { url, events })) as unknown as { body: { webhook: { id: string }; secret: string } };
  return { id: body.webhook.id, secret: body.secret };
}
const delivered = (count: number): Promise<void> => world.until(`${count} deliveries`, () => got.length === count);
const disabled = async (id: string): Promise<string | null> =>
  (await world.query<{ disabled: string | null }>('SELECT disabled FROM webhook WHERE id = $1', [id]))[0]?.disabled ?? null;

describe('a delivery', () => {
  it('is signed over time and body by the secret that was shown once', async () => {
    const { id, secret } = await make(admin);
    const seq = await world.said.post(room, member, 'hello');
    await delivered(1);
    expect(got[0]).toMatchObject({ id: `${id}.${seq}`, body: { id: `${id}.${seq}`, type: 'message.posted', room, seq, event: { body: { text: 'hello' } } } });
    const [, t = '', v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(got[0]?.signature ?? '') ?? [];
    expect(Math.abs(Number(t) * 1000 - world.clock.now())).toBeLessThan(300_000);
    expect(createHmac('sha256', secret).update(`${t}.${got[0]?.text}`).digest('hex')).toBe(v1);
    expect((await world.as(owner)('GET', hooks())).text).not.toContain(secret);
    const renewed = (await world.as(owner)('POST', `${hooks()}/${id}/secret`)) as unknown as { body: { secret: string } };
    await world.said.post(room, member, 'again');
    await delivered(2);
    const later = /^t=(\d+),v1=(.*)$/.exec(got[1]?.signature ?? '');
    expect(createHmac('sha256', renewed.body.secret).update(`${later?.[1]}.${got[1]?.text}`).digest('hex')).toBe(later?.[2]);
  });

  it('is only of the events that were asked for, and goes once whatever is repeated', async () => {
    await make(owner, ['message.posted', 'room.renamed']);
    await world.said.say(room, owner, 'room.topic_changed', { topic: 'not asked for' });
    await world.said.say(room, owner, 'room.renamed', { name: 'Park' });
    const seq = await world.said.post(room, member, 'one');
    await delivered(2);
    await world.said.again(room, seq);
    await world.restart();
    await world.said.post(room, member, 'two');
    await delivered(3);
    expect(got.map((one) => one.body.type).sort()).toEqual(['message.posted', 'message.posted', 'room.renamed']);
  });

  it('goes once although its job is handed to two workers at once, and is given up once', async () => {
    const { id } = await make(owner);
    world.doubled = true;
    await world.said.post(room, member, 'one');
    await world.said.post(room, member, 'two');
    await world.until('delivered', async () => (await world.query('SELECT 1 FROM hand WHERE done')).length === 2);
    await world.settled();
    expect(got.map((one) => one.body.event.body.text).sort()).toEqual(['one', 'two']);
    statuses.push(...Array.from({ length: 200 }, () => 500));
    await world.said.post(room, member, 'three');
    await world.until('parked', async () => (await world.queue.parked(WEBHOOK, 10)).length === 1, 1_000);
    expect(await world.query('SELECT failures, disabled FROM webhook WHERE id = $1', [id])).toEqual([{ failures: 1, disabled: null }]);
  });

  it('that fails comes again, newly signed under the same id; a redirect is not followed', async () => {
    await make(owner);
    statuses.push(500, 302);
    await world.said.post(room, member, 'hello');
    await delivered(3);
    expect(new Set(got.map((one) => one.id)).size).toBe(1);
    expect(new Set(got.map((one) => one.signature)).size).toBe(3);
  });

  it('that fails for hours is parked, and after three of them the webhook is switched off until somebody switches it on', async () => {
    const { id } = await make(owner);
    statuses.push(...Array.from({ length: 24 }, () => 500));
    for (const text of ['one', 'two', 'three']) await world.said.post(room, member, text);
    await world.until('parked', async () => (await world.queue.parked(WEBHOOK, 10)).length === 3, 1_000);
    expect((await world.as(owner)('GET', hooks())).body).toMatchObject({ webhooks: [{ disabled: 'failing' }] });
    expect(got).toHaveLength(24);
    await world.said.post(room, member, 'unheard');
    await world.settled();
    await world.as(owner)('PATCH', `${hooks()}/${id}`, { enabled: true });
    const parked = await world.queue.parked(WEBHOOK, 10);
    await world.queue.retry(
      WEBHOOK,
      parked.map((job) => job.id),
    );
    await delivered(27);
    expect(
      got
        .slice(24)
        .map((one) => one.body.event.body.text)
        .sort(),
    ).toEqual(['one', 'three', 'two']);
  });

  it('that is answered 410 is the last', async () => {
    const { id } = await make(owner);
    statuses.push(410);
    await world.said.post(room, member, 'hello');
    await world.until('off', async () => (await disabled(id)) === 'gone');
    expect(got).toHaveLength(1);
  });
});

describe('who', () => {
  it('leaves, is removed or made a member takes their webhooks along: nothing after it is told', async () => {
    const { id } = await make(admin);
    await world.said.post(room, owner, 'before');
    await delivered(1);
    await world.said.say(room, owner, 'member.removed', { user: admin.id });
    await world.said.post(room, owner, 'secret');
    await world.until('off', async () => (await disabled(id)) === 'maker_left');
    await make(owner);
    await world.said.post(room, owner, 'to the other');
    await delivered(2);
    expect(got.map((one) => one.body.event.body.text)).toEqual(['before', 'to the other']);
  });

  it('is no admin may do nothing with them', async () => {
    const { id } = await make(owner);
    const stranger = world.said.person('stranger');
    for (const [who, code] of [
      [member, 'forbidden'],
      [stranger, 'not_found'],
    ] as const) {
      const as = world.as(who);
      expect((await as('GET', hooks())).body.error.code).toBe(code);
      expect((await as('POST', hooks(), { url, events: ['message.posted'] })).body.error.code).toBe(code);
      expect((await as('PATCH', `${hooks()}/${id}`, { enabled: false })).body.error.code).toBe(code);
      expect((await as('DELETE', `${hooks()}/${id}`)).body.error.code).toBe(code);
      expect((await as('POST', `${hooks()}/${id}/test`)).body.error.code).toBe(code);
    }
    const other = await world.said.room('group', 'Other', [member]);
    expect((await world.as(member)('DELETE', `/api/rooms/${other}/webhooks/${id}`)).body.error.code).toBe('not_found');
    expect(await disabled(id)).toBeNull();
  });

  it('tries one out is told what the receiver said', async () => {
    const { id } = await make(owner);
    statuses.push(200, 418);
    expect((await world.as(owner)('POST', `${hooks()}/${id}/test`)).body).toEqual({ delivered: true, status: 200, reason: null });
    expect((await world.as(owner)('POST', `${hooks()}/${id}/test`)).body).toEqual({ delivered: false, status: 418, reason: null });
  });
});

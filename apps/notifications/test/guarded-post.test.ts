// Attacks on the network behind us through an address that somebody names: none of them may open a connection inward.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createManualClock, systemClock } from '@parley/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGuardedPost, RefusedAddress } from '../src/channels/guarded-post.ts';
import { isPublicAddress } from '../src/channels/public-address.ts';

let inside: Server;
let port: number;
let calls: number;
let connections: number;

beforeEach(async () => {
  calls = 0;
  connections = 0;
  inside = createServer((_request, response) => {
    calls++;
    response.end('the crown jewels');
  });
  inside.on('connection', () => connections++);
  await new Promise<void>((resolve) => inside.listen(0, '0.0.0.0', resolve));
  port = (inside.address() as AddressInfo).port;
});
afterEach(async () => {
  inside.closeAllConnections();
  await new Promise((resolve) => inside.close(resolve));
});

const INWARD = [
  '127.0.0.1',
  '127.1',
  '127.255.255.254',
  '2130706433',
  '0x7f000001',
  '0x7f.1',
  '0177.0.0.1',
  '017700000001',
  '0.0.0.0',
  '0',
  '[::]',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b:1::a9fe:a9fe]',
  '[2002:7f00:1::]',
  '[fe80::1]',
  '[fc00::1]',
  '[fd00:ec2::254]',
  '[fec0::1]',
  '[ff02::1]',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  '198.18.0.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
];

describe('an address', () => {
  it.each(INWARD)('written %s is refused before anything is dialled', async (host) => {
    const post = createGuardedPost({ clock: systemClock, allowPrivate: false });
    await expect(post(`http://${host}:${port}/`, {}, 'x')).rejects.toThrow(RefusedAddress);
    await expect(post(`https://${host}:${port}/`, {}, 'x')).rejects.toThrow(RefusedAddress);
    expect(connections).toBe(0);
  });

  it.each(INWARD.filter((host) => !host.startsWith('[') && host.split('.').length === 4 && !host.includes('x') && !host.startsWith('0177')))(
    'that a name turns out to be, %s, is refused when it is dialled',
    async (address) => {
      const lookup: Parameters<typeof createGuardedPost>[0]['lookup'] = (_host, answer) => answer(null, [{ address, family: 4 }]);
      const post = createGuardedPost({ clock: systemClock, allowPrivate: false, lookup });
      await expect(post(`http://innocent.example:${port}/`, {}, 'x')).rejects.toThrow(RefusedAddress);
      expect(connections).toBe(0);
    },
  );

  it('is judged each time: a name that changes its answer, and one that mixes good and bad, gain nothing', async () => {
    const answers = [
      [{ address: '127.0.0.1', family: 4 }],
      [
        { address: '93.184.216.34', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ],
    ];
    const lookup: Parameters<typeof createGuardedPost>[0]['lookup'] = (_host, answer) => answer(null, answers.shift() ?? []);
    const post = createGuardedPost({ clock: systemClock, allowPrivate: false, lookup });
    for (let again = 0; again < 2; again++) await expect(post(`http://rebinding.example:${port}/`, {}, 'x')).rejects.toThrow(RefusedAddress);
    expect(answers).toEqual([]);
    expect(connections).toBe(0);
  });

  it.each(['file:///etc/passwd', 'gopher://127.0.0.1/', 'ftp://127.0.0.1/', 'http://user:pass@93.184.216.34/'])('%s is refused', async (url) => {
    await expect(createGuardedPost({ clock: systemClock, allowPrivate: false })(url, {}, 'x')).rejects.toThrow(RefusedAddress);
  });

  it('of the open internet is taken', () => {
    for (const address of ['93.184.216.34', '8.8.8.8', '2606:4700::1111', '::ffff:8.8.8.8']) expect(isPublicAddress(address)).toBe(true);
    expect(isPublicAddress('not an address')).toBe(false);
  });
});

describe('where private addresses are allowed', () => {
  it('a post arrives, and its answer is read no further than it must be', async () => {
    const flood = createServer((_request, response) => {
      const pour = (): void => {
        while (response.write(Buffer.alloc(65_536)));
        response.once('drain', pour);
      };
      response.writeHead(200);
      pour();
    });
    await new Promise<void>((resolve) => flood.listen(0, '127.0.0.1', resolve));
    const post = createGuardedPost({ clock: systemClock, allowPrivate: true });
    expect(await post(`http://127.0.0.1:${port}/`, {}, 'x')).toEqual({ status: 200 });
    expect(calls).toBe(1);
    expect(await post(`http://127.0.0.1:${(flood.address() as AddressInfo).port}/`, {}, 'x')).toEqual({ status: 200 });
    flood.closeAllConnections();
    await new Promise((resolve) => flood.close(resolve));
  });

  it('who never answers is given up after ten seconds', async () => {
    const clock = createManualClock();
    let asked: () => void = () => undefined;
    const heard = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const silent = createServer(() => asked());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const posted = createGuardedPost({ clock, allowPrivate: true })(`http://127.0.0.1:${(silent.address() as AddressInfo).port}/`, {}, 'x');
    const outcome = expect(posted).rejects.toThrow('no answer within 10000 ms');
    await heard;
    await clock.advance(9_999);
    expect(clock.nextIn()).toBe(1);
    await clock.advance(1);
    await outcome;
    silent.closeAllConnections();
    await new Promise((resolve) => silent.close(resolve));
  });
});

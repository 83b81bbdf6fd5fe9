// Limits on guessing: they slow down who guesses, wherever they come from, and never the one who is guessed at.
import { describe, expect, it } from 'vitest';
import { createRateLimits, networkOf } from './rate-limits.ts';

describe('guessing a password', () => {
  it('from one address is slowed, and the same name still signs in from another', async () => {
    const limits = createRateLimits();
    for (let i = 0; i < 20; i++) await limits.take('login', '10.0.0.1', 'ann');
    await expect(limits.take('login', '10.0.0.1', 'ann')).rejects.toMatchObject({ code: 'slow_down' });
    await expect(limits.take('login', '10.0.0.2', 'ann')).resolves.toBeUndefined();
  });

  it('from very many addresses is slowed as well', async () => {
    const limits = createRateLimits();
    for (let i = 0; i < 100; i++) await limits.take('login', `10.0.0.${i}`, 'ann');
    await expect(limits.take('login', '10.0.1.1', 'ann')).rejects.toMatchObject({ code: 'slow_down' });
  });

  it('from many addresses of one IPv6 network is guessing from one', async () => {
    const limits = createRateLimits();
    for (let i = 0; i < 20; i++) await limits.take('login', `2001:db8::1:${i}`, 'ann');
    await expect(limits.take('login', '2001:db8:0:0:ffff::9', 'ann')).rejects.toMatchObject({ code: 'slow_down' });
    await expect(limits.take('login', '2001:db8:0:1::9', 'ann')).resolves.toBeUndefined();
  });
});

it('takes an IPv4 address as it is, however it is written, and an IPv6 one by its network', () => {
  const given = ['127.0.0.1', '::ffff:127.0.0.1', '::1', '2001:DB8::1', '2001:db8:1:2:3:4:5:6', 'fe80::1%eth0', 'unknown'];
  expect(given.map(networkOf)).toEqual(['127.0.0.1', '127.0.0.1', '0:0:0:0::/64', '2001:db8:0:0::/64', '2001:db8:1:2::/64', 'fe80:0:0:0::/64', 'unknown']);
});

// The decision that keeps a fresh installation off the network.
import { describe, expect, it } from 'vitest';
import { listenHost } from './listen-host.ts';

describe('the address to listen on', () => {
  it('is loopback without HOST while there is no owner', () =>
    expect(listenHost(undefined, false)).toMatchObject({ host: '127.0.0.1', needsSetupCode: false }));
  it('is every address at a later start, and says so', () =>
    expect(listenHost(undefined, true)).toMatchObject({ host: '0.0.0.0', note: expect.stringContaining('HOST') }));
  it('is HOST when it is set, with a code for the first account unless it is loopback', () => {
    expect(listenHost('0.0.0.0', false).needsSetupCode).toBe(true);
    expect(listenHost('192.168.1.4', false).needsSetupCode).toBe(true);
    expect(listenHost('127.0.0.1', false).needsSetupCode).toBe(false);
    expect(listenHost('::1', false).needsSetupCode).toBe(false);
    expect(listenHost('0.0.0.0', true).needsSetupCode).toBe(false);
  });
});

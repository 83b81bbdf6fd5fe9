// Which addresses a request that somebody else named may go to: only those of the public internet. Judged by the resolved address, never by a name.
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Ranges that ipaddr.js calls unicast although they are not for the open internet, and translations that hide an IPv4 address. */
const MORE: readonly [ipaddr.IPv4 | ipaddr.IPv6, number][] = [
  ipaddr.parseCIDR('100.64.0.0/10'),
  ipaddr.parseCIDR('168.63.129.16/32'),
  ipaddr.parseCIDR('192.0.0.0/24'),
  ipaddr.parseCIDR('198.18.0.0/15'),
  ipaddr.parseCIDR('fec0::/10'),
  ipaddr.parseCIDR('64:ff9b::/96'),
  ipaddr.parseCIDR('64:ff9b:1::/48'),
  ipaddr.parseCIDR('::/96'),
];

/** May a request go to this address? Loopback, private, link-local, metadata, multicast, mapped and translated ones may not. */
export function isPublicAddress(address: string): boolean {
  const plain = address.replace(/^\[|\]$/g, '').split('%', 1)[0] ?? '';
  if (isIP(plain) === 0) return false;
  const parsed = ipaddr.process(plain);
  if (parsed.range() !== 'unicast') return false;
  return !MORE.some(([net, bits]) => net.kind() === parsed.kind() && parsed.match(net as ipaddr.IPv4 & ipaddr.IPv6, bits));
}

// Network policies, held to the code: who calls whom and who uses which engine is read from the services, and the chart must allow that and no more.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as accounts from '@parley/accounts/config';
import * as edge from '@parley/edge/config';
import * as gateway from '@parley/gateway/config';
import * as media from '@parley/media/config';
import * as messages from '@parley/messages/config';
import * as notifications from '@parley/notifications/config';
import * as rooms from '@parley/rooms/config';
import { describe, expect, it } from 'vitest';
import { absentWords, ROOT } from '../tool.ts';
import { ofKind, one, type Resource, ROLES, type Role, type Rule, render } from './chart.ts';

const NAMES: Readonly<Record<Role, readonly string[]>> = {
  accounts: accounts.SETTING_NAMES,
  rooms: rooms.SETTING_NAMES,
  messages: messages.SETTING_NAMES,
  notifications: notifications.SETTING_NAMES,
  media: media.SETTING_NAMES,
  gateway: gateway.SETTING_NAMES,
  edge: edge.SETTING_NAMES,
};
const ENGINE_PORTS = { DATABASE_URL: 5432, KAFKA_BROKERS: 9092, REDIS_URL: 6379, RABBITMQ_URL: 5672 } as const;
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Contracts of internal calls by their name in code, and whose they are. */
function contracts(): Map<string, string> {
  const texts = globSync('packages/protocol/src/**/*.ts', { cwd: ROOT }).map(read);
  return new Map(
    texts.flatMap((text) => [...text.matchAll(/export const (\w+) = contract\(\s*'(\w+)\./g)].map(([, name = '', owner = '']) => [name, owner] as const)),
  );
}

/** Whom a service's code calls. The edge hands public routes on, and asks gateways how they are. */
function callsOf(role: Role): string[] {
  const paths = globSync(`apps/${role}/src/**/*.ts`, { cwd: ROOT }).filter((path) => !/\.test\.ts$|\/generated\//.test(path));
  const text = paths.map(read).join('\n');
  const called = [...contracts()].filter(([name, owner]) => owner !== role && new RegExp(`\\b${name}\\b`).test(text)).map(([, owner]) => owner);
  if (role !== 'edge') return [...new Set(called)].sort();
  const { routes } = JSON.parse(read('apps/edge/src/generated/public-api.json')) as { routes: { service: string }[] };
  return [...new Set([...called, ...routes.map(({ service }) => service), 'gateway'])].sort();
}

const peersOf = (rules: readonly Rule[], side: 'from' | 'to', port: number): string[] =>
  rules
    .filter((rule) => rule.ports.some((one) => one.port === port))
    .flatMap((rule) => rule[side]?.map(({ podSelector }) => podSelector?.matchLabels['app.kubernetes.io/component'] ?? 'others') ?? ['everybody'])
    .sort();
const portsOf = (rules: readonly Rule[]): number[] => [...new Set(rules.flatMap(({ ports }) => ports.map(({ port }) => port)))].sort((a, b) => a - b);

const absent = absentWords('helm');
describe.skipIf(absent !== '')(`the network policies${absent}`, () => {
  const defaults = render('defaults');
  const policy = async (role: string): Promise<Resource> => one(await defaults, 'NetworkPolicy', role);

  it('cover every pod, both ways', async () => {
    const pods = (await defaults).filter(({ kind }) => ['Deployment', 'Job'].includes(kind));
    for (const { metadata, spec } of pods) {
      const { podSelector, policyTypes } = (await policy(metadata.labels['app.kubernetes.io/component'] ?? '')).spec;
      expect(policyTypes).toEqual(['Ingress', 'Egress']);
      expect(spec.template.metadata.labels).toMatchObject(podSelector.matchLabels);
    }
    expect(ofKind(await defaults, 'NetworkPolicy')).toHaveLength(pods.length);
  });

  it.each(ROLES)('let %s reach the services that its code calls, and no other', async (role) => {
    expect(callsOf(role).length).toBeGreaterThan(0);
    expect(peersOf((await policy(role)).spec.egress, 'to', 8080)).toEqual(callsOf(role));
  });

  it.each(ROLES)('let only those in to %s that call it', async (role) => {
    const callers = ROLES.filter((caller) => callsOf(caller).includes(role)).sort();
    const open = role === 'edge' || role === 'gateway' ? ['everybody'] : [];
    const { ingress } = (await policy(role)).spec;
    expect(peersOf(ingress, 'from', 8080)).toEqual([...callers, ...open].sort());
    expect(portsOf(ingress)).toEqual([8080]);
  });

  it.each(ROLES)('let %s reach the engines of its settings, and no other', async (role) => {
    const engines = Object.entries(ENGINE_PORTS).flatMap(([name, port]) => (NAMES[role].includes(name) ? [port] : []));
    const outside = role === 'notifications' ? [443, 587] : [];
    expect(portsOf((await policy(role)).spec.egress)).toEqual([53, 8080, ...engines, ...outside].sort((a, b) => a - b));
  });

  it('let nobody in to the migrate job, and it to Postgres and Kafka', async () => {
    const { ingress, egress } = (await policy('migrate')).spec;
    expect([ingress, portsOf(egress)]).toEqual([[], [53, 5432, 9092]]);
  });

  it('name who comes from outside, reads metrics and is an engine where the values say so', async () => {
    const all = await render('everything');
    const of = (role: string): Resource['spec'] => one(all, 'NetworkPolicy', role).spec;
    expect(peersOf(of('edge').ingress, 'from', 8080)).toEqual(['others', 'others']);
    expect(peersOf(of('gateway').ingress, 'from', 8081)).toEqual(['others']);
    expect(peersOf(of('rooms').ingress, 'from', 8080)).toContain('others');
    expect(peersOf(of('rooms').egress, 'to', 5432)).toEqual(['others']);
    expect(portsOf(of('media').egress)).toContain(443);
    expect(ofKind(await render('minimal'), 'NetworkPolicy')).toEqual([]);
  });
});

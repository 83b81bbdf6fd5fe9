// What each pod of the chart is given: settings with which its service starts, rights it can do without, time to end, and probes that mean what they say.
import * as accounts from '@parley/accounts/config';
import * as edge from '@parley/edge/config';
import * as gateway from '@parley/gateway/config';
import * as media from '@parley/media/config';
import * as messages from '@parley/messages/config';
import * as notifications from '@parley/notifications/config';
import * as rooms from '@parley/rooms/config';
import { describe, expect, it } from 'vitest';
import { absentWords } from '../tool.ts';
import { type Container, ofKind, one, type Resource, ROLES, type Role, render, roleOf, VALUES, type ValueSet } from './chart.ts';

const CONFIGS = { accounts, rooms, messages, notifications, media, gateway, edge } as const;
/** What stands in the Secrets. */
const SECRETS: Readonly<Record<string, string>> = {
  INTERNAL_KEY: 'k'.repeat(48),
  SETUP_CODE: 'a-code-of-ours',
  METRICS_TOKEN: 't'.repeat(24),
  REDIS_URL: 'rediss://:n0tguessed@redis:6379',
  RABBITMQ_URL: 'amqps://chat:n0tguessed@rabbitmq:5671',
  DATABASE_URL: 'postgres://parley_x:n0tguessed@postgres:5432/parley_x',
  SMTP_URL: 'smtps://chat:n0tguessed@mail:465',
};
/** What the image sets. */
const IMAGE = { HOST: '0.0.0.0', PORT: '8080', ADMIN_HOST: '0.0.0.0', ADMIN_PORT: '8081', MEDIA_DIR: '/data/media' };

const containerOf = (deployment: Resource): Container => deployment.spec.template.spec.containers[0] as Container;
const environmentOf = ({ env }: Container): Record<string, string> => ({
  ...IMAGE,
  ...Object.fromEntries(env.map(({ name, value }) => [name, value ?? SECRETS[name] ?? `n0tguessed-${name}`])),
});

const absent = absentWords('helm');
describe.skipIf(absent !== '').each(Object.keys(VALUES) as ValueSet[])(`the pods (%s)${absent}`, (set) => {
  const all = render(set);

  it('get settings with which their service starts in production', async () => {
    for (const deployment of ofKind(await all, 'Deployment')) {
      const container = containerOf(deployment);
      const role = roleOf(deployment) as Role;
      expect(container.args).toEqual([role]);
      const env = environmentOf(container);
      expect(env.NODE_ENV).toBe('production');
      expect(CONFIGS[role].configFromEnv(env)).toMatchObject({ PORT: 8080 });
      const known: readonly string[] = CONFIGS[role].SETTING_NAMES;
      const strangers = Object.keys(env).filter(
        (name) => !known.includes(name) && !name.endsWith('_URL') && !(name in IMAGE) && !['PUBLIC_URL', 'ORIGINS'].includes(name),
      );
      expect([role, strangers]).toEqual([role, []]);
    }
    expect(
      ofKind(await all, 'Deployment')
        .map(roleOf)
        .sort(),
    ).toEqual([...ROLES].sort());
  });

  it('may do nothing that they need not: no root, no token, no capability, nothing to write to but /tmp and files', async () => {
    for (const { kind, metadata, spec } of (await all).filter((resource) => ['Deployment', 'Job'].includes(resource.kind))) {
      const pod = spec.template.spec;
      expect([kind, metadata.name, pod.automountServiceAccountToken]).toEqual([kind, metadata.name, false]);
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } });
      for (const container of pod.containers) {
        expect(container.securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
        expect(container.volumeMounts.map(({ mountPath }) => mountPath).filter((path) => path !== '/tmp' && path !== '/data')).toEqual([]);
      }
      const account = ofKind(await all, 'ServiceAccount').find((one) => one.metadata.name === pod.serviceAccountName);
      expect(account?.automountServiceAccountToken).toBe(false);
    }
  });

  it('get more time to end than a drain takes', async () => {
    const deployment = one(await all, 'Deployment', 'gateway');
    const { DRAIN_MS, GRACE_MS } = environmentOf(containerOf(deployment));
    const preStopS = containerOf(deployment).lifecycle?.preStop.sleep.seconds ?? 0;
    expect(Number(GRACE_MS)).toBeGreaterThanOrEqual(Number(DRAIN_MS) + 10_000);
    expect(deployment.spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(preStopS + Number(GRACE_MS) / 1000);
    expect(preStopS).toBeGreaterThan(0);
    for (const other of ofKind(await all, 'Deployment')) expect(other.spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(5 + 25);
  });

  it('are probed where they answer: a gateway at its own port, never at the one for sockets', async () => {
    for (const deployment of ofKind(await all, 'Deployment')) {
      const { startupProbe, readinessProbe, livenessProbe, ports = [] } = containerOf(deployment);
      const port = roleOf(deployment) === 'gateway' ? 'admin' : 'http';
      expect(ports.map(({ name }) => name)).toContain(port);
      expect([startupProbe, readinessProbe, livenessProbe].map(({ httpGet }) => httpGet)).toEqual([
        { path: '/health/ready', port },
        { path: '/health/ready', port },
        { path: '/health/live', port },
      ]);
      // A start may take a minute; death is certain only after one.
      expect(startupProbe.periodSeconds * startupProbe.failureThreshold).toBeGreaterThanOrEqual(60);
      expect(livenessProbe.periodSeconds * livenessProbe.failureThreshold).toBeGreaterThanOrEqual(60);
    }
  });

  it('are taken away one at a time, replaced before they go, and spread over nodes and zones', async () => {
    for (const deployment of ofKind(await all, 'Deployment')) {
      const role = roleOf(deployment);
      const { replicas, strategy, selector, template } = deployment.spec;
      expect(template.spec.topologySpreadConstraints?.map(({ topologyKey }) => topologyKey)).toEqual(['kubernetes.io/hostname', 'topology.kubernetes.io/zone']);
      if (strategy?.type !== 'Recreate') expect(strategy?.rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: 1 });
      const budgets = ofKind(await all, 'PodDisruptionBudget').filter((budget) => roleOf(budget) === role);
      // A budget for a single pod would only keep nodes from being emptied.
      expect([role, budgets.map(({ spec }) => spec.maxUnavailable)]).toEqual([role, replicas === 1 ? [] : [1]]);
      for (const budget of budgets) expect(budget.spec.selector).toEqual(selector);
      expect(template.metadata.labels).toMatchObject(selector.matchLabels);
    }
  });
});

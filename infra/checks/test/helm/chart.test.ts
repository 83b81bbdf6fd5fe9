// The chart as helm and Kubernetes' own schemas see it, and what it refuses. It was never installed: there is no cluster here.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { absentWords, ROOT, runTool } from '../tool.ts';
import { KUBERNETES, ofKind, one, ROLES, render, renderText, VALUES, type ValueSet } from './chart.ts';

const absent = absentWords('helm', 'kubeconform');
const SCHEMAS = ['-strict', '-schema-location', 'infra/helm/schemas/{{ .ResourceKind }}{{ .KindSuffix }}.json'];

function conform(text: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-chart-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'all.yaml'), text);
  return runTool('kubeconform', [...SCHEMAS, '-summary', '-output', 'json', join(folder, 'all.yaml')]);
}

describe.skipIf(absent !== '')(`the chart${absent}`, () => {
  const sets = Object.keys(VALUES) as ValueSet[];

  it.each(sets)('has nothing that helm lint complains of (%s)', async (set) => {
    await runTool('helm', ['lint', '--strict', '--quiet', 'infra/helm/parley', ...KUBERNETES, ...VALUES[set]]);
  });

  it.each(sets)('makes only what Kubernetes and the operators know, without an unknown field (%s)', async (set) => {
    const { summary } = JSON.parse(await conform(await renderText(set))) as { summary: Record<string, number> };
    expect(summary).toMatchObject({ invalid: 0, errors: 0, skipped: 0 });
    expect(summary.valid).toBeGreaterThan(20);
  });

  it('would be found out: a field that is not there fails', async () => {
    await expect(conform((await renderText('defaults')).replace('revisionHistoryLimit', 'revisionHistoryLimits'))).rejects.toThrow();
  });

  it.each([
    ['a value that is not there', ['--set', 'gatway.replicas=3'], "additional properties 'gatway' not allowed"],
    ['a public address with a path', ['--set', 'publicUrl=https://example.org/chat'], 'publicUrl'],
    ['two autoscalers for one thing', ['--set', 'autoscaling.hpa.enabled=true,autoscaling.keda.enabled=true'], 'one of both at most'],
    ['two writers on one disk', ['--set', 'media.replicas=2'], 'needs media.s3.bucket'],
    ['a bucket without its keys', ['--set', 'media.s3.bucket=x'], 'secrets.s3.name'],
    ['mail without a sender', ['--set', 'secrets.smtp.name=x'], 'notifications.mailFrom'],
    ['a route to no Gateway', ['--set', 'httpRoute.enabled=true'], 'httpRoute.parentRefs'],
    ['a service without a secret', ['--set', 'secrets.internal.name='], 'secrets'],
  ])('refuses %s', async (_, args, word) => {
    await expect(renderText('defaults', ...args)).rejects.toThrow(word);
  });

  it('holds no secret and no engine: names of Secrets only', async () => {
    for (const set of sets) {
      const all = await render(set);
      expect(ofKind(all, 'Secret')).toEqual([]);
      for (const resource of all)
        for (const { env } of resource.spec?.template?.spec.containers ?? [])
          for (const { name, value } of env)
            if (/KEY$|TOKEN$|PASSWORD$|REDIS_URL|RABBITMQ_URL|DATABASE_|SMTP|SETUP_CODE/.test(name)) expect([name, value]).toEqual([name, undefined]);
    }
  });

  it('migrates before new pods start, and what the job needs is there before it', async () => {
    const all = await render('defaults');
    const job = one(all, 'Job', 'migrate');
    const weight = (kind: string): number => Number(one(all, kind, 'migrate').metadata.annotations?.['helm.sh/hook-weight']);
    expect(job.metadata.annotations?.['helm.sh/hook']).toBe('pre-install,pre-upgrade');
    for (const kind of ['ServiceAccount', 'NetworkPolicy']) expect(weight(kind)).toBeLessThan(weight('Job'));
    expect(job.spec.template.spec.containers[0]?.args[0]).toBe('migrate');
  });

  it('leads sockets to gateways and all else to the edge, by Ingress or Gateway API, with no annotation of one controller', async () => {
    const all = await render('everything');
    for (const kind of ['Ingress', 'HTTPRoute']) {
      const text = JSON.stringify(one(all, kind, 'edge'));
      expect(text).toMatch(/\/socket\.io\/.{0,120}chat-parley-gateway/);
      expect(text).toMatch(/"\/".{0,120}chat-parley-edge/);
      expect(text).not.toContain('nginx');
    }
  });

  it('scales gateways by their sockets and messages by what waits, and takes one pod away at a time', async () => {
    const [hpa] = ofKind(await render('minimal'), 'HorizontalPodAutoscaler');
    expect(JSON.stringify(hpa)).toContain('parley_gateway_sockets');
    const scaled = ofKind(await render('everything'), 'ScaledObject').map((object) => JSON.stringify(object));
    expect(scaled.find((text) => text.includes('"type":"kafka"'))).toContain('"consumerGroup":"acme.messages.room.command"');
    for (const text of [...scaled, JSON.stringify(hpa)])
      expect(text).toContain('"scaleDown":{"stabilizationWindowSeconds":900,"policies":[{"type":"Pods","value":1');
  });

  it('lets Prometheus read every service, under the job that the alert rules look for', async () => {
    const all = await render('everything');
    const monitors = ofKind(all, 'ServiceMonitor');
    expect(monitors.map((monitor) => monitor.metadata.labels['app.kubernetes.io/component']).sort()).toEqual([...ROLES].sort());
    for (const monitor of monitors) {
      expect(monitor.spec).toMatchObject({ jobLabel: 'app.kubernetes.io/name' });
      const service = one(all, 'Service', monitor.metadata.labels['app.kubernetes.io/component'] ?? '');
      expect(service.metadata.labels).toMatchObject({ ...monitor.spec.selector.matchLabels, 'app.kubernetes.io/name': 'parley' });
    }
  });

  it('has the alert rules of infra/observability', async () => {
    const folder = join(ROOT, 'infra/observability/rules');
    const names = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name) && !name.includes('.test.'));
    expect(names.length).toBeGreaterThan(0);
    const made = ofKind(await render('everything'), 'PrometheusRule').map(({ spec }) => spec);
    expect(made).toEqual(names.map((name) => parse(readFileSync(join(folder, name), 'utf8'))));
  });
});

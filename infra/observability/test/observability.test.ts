// Dashboards and alerts are what the code says, ask only for metrics that there are, and every alert tells an operator what to do.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { BOARDS, questionsOf } from '../src/dashboards.ts';
import { staleFiles } from '../src/make-dashboards.ts';

const here = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const rules = readFileSync(here('rules/parley.yml'), 'utf8');
const documented = new Set([...readFileSync(here('../../docs/metrics.md'), 'utf8').matchAll(/^\| `([a-z_0-9]+)` \|/gm)].map(([, name]) => name));
const promtool = ['/usr/bin/promtool', '/usr/local/bin/promtool'].find((path) => existsSync(path));
const noPromtool = promtool === undefined ? ' (promtool is not installed: infra/install-test-tools.sh)' : '';

/** Names of metrics in a question; those of a histogram by the histogram. */
const metricsIn = (question: string): string[] =>
  [...question.matchAll(/\b((?:parley|nodejs|process)_[a-z0-9_]+)/g)].map(([, name = '']) => name.replace(/_(bucket|count|sum)$/, ''));

test('the dashboards and the copy of the rules in the chart are up to date', () => {
  expect(staleFiles()).toEqual([]);
});

test('every metric that a dashboard or an alert asks for is documented', () => {
  const asked = [...BOARDS.flatMap(questionsOf), ...[...rules.matchAll(/expr: '(.*)'/g)].map(([, expr = '']) => expr)].flatMap(metricsIn);
  expect(asked.length).toBeGreaterThan(40);
  expect(asked.filter((name) => !documented.has(name))).toEqual([]);
});

test('every metric of ours is on a dashboard', () => {
  const shown = new Set(BOARDS.flatMap(questionsOf).flatMap(metricsIn));
  expect([...documented].filter((name) => name?.startsWith('parley_') && !shown.has(name))).toEqual([]);
});

test('every alert has its entry in the runbook, and the runbook has no other', () => {
  const runbook = readFileSync(here('../../docs/runbook.md'), 'utf8');
  const anchors = new Set(
    [...runbook.matchAll(/^#+ (\S.*)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^a-z0-9 -]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
  const alerts = [...rules.matchAll(/alert: (\w+)[\s\S]*?runbook: docs\/runbook\.md#(\S+)/g)].map(([, name = '', anchor = '']) => ({ name, anchor }));
  expect(alerts.length).toBe([...rules.matchAll(/alert: /g)].length);
  for (const { name, anchor } of alerts) {
    expect(anchor).toBe(name.toLowerCase());
    expect(anchors, `${name} has no entry`).toContain(anchor);
  }
  const entries = [...anchors].filter((anchor) => /^parley[a-z]+$/.test(anchor));
  expect(entries.sort()).toEqual(alerts.map(({ anchor }) => anchor).sort());
});

describe.skipIf(promtool === undefined)(`alert rules${noPromtool}`, () => {
  test('fire when they should and only then', () => {
    execFileSync(promtool as string, ['check', 'rules', here('rules/parley.yml')], { stdio: 'pipe' });
    const said = execFileSync(promtool as string, ['test', 'rules', here('test/alerts.promtool.yml')], { stdio: 'pipe' }).toString();
    expect(said).toContain('SUCCESS');
  });

  test('are each tested both ways', () => {
    const tests = readFileSync(here('test/alerts.promtool.yml'), 'utf8');
    for (const [, name] of rules.matchAll(/alert: (\w+)/g)) {
      expect(tests).toContain(`name: ${name} fires`);
      expect(tests).toContain(`name: ${name} is quiet`);
    }
  });
});

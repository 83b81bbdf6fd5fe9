// F18: a gateway is told to stop twice: no drain, all sockets end at once. And one whose grace is shorter than its drain does not start.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Fault } from '../../fault.ts';
import { firstAbsences, percentile } from '../../measure/spans.ts';
import { until } from '../../sleep.ts';

const BACK_MS = 30_000;

export const impatientStop: Fault = {
  id: 'F18',
  name: 'SIGTERM twice, and a grace shorter than the drain',
  async run({ cluster, load, random, step, figure, check }) {
    const since = performance.now();
    await cluster.status();
    const gateway = cluster.process(random.pick(['gateway-1', 'gateway-2']));
    const { pid } = gateway;
    if (pid === null) throw new Error(`${gateway.name} does not run.`);
    step(`SIGTERM to ${gateway.name}, and again`);
    process.kill(pid, 'SIGTERM');
    await until(() => load.people.some(({ away }) => away.length > 0), 100);
    try {
      process.kill(pid, 'SIGTERM');
    } catch {
      // It was quicker.
    }
    const back = await until(async () => {
      await cluster.status();
      return gateway.pid !== pid && gateway.status.ready;
    }, BACK_MS);
    check(back !== null, `${gateway.name} did not end and come back`);
    figure({ name: 'resume p99', value: percentile(firstAbsences([load.owner, ...load.people], since), 0.99), unit: 'ms', most: 3_000 });
    const { code, said } = await startGateway({ DRAIN_MS: '20000', GRACE_MS: '10000' });
    check(code !== 0 && code !== null && /GRACE_MS/.test(said), `a gateway with a grace shorter than its drain: code ${code}, ${said.slice(0, 200)}`);
  },
};

async function startGateway(settings: Readonly<Record<string, string>>): Promise<{ code: number | null; said: string }> {
  const main = fileURLToPath(import.meta.resolve('@parley/gateway/main'));
  const env = {
    PATH: process.env.PATH,
    KAFKA_BROKERS: '127.0.0.1:1',
    REDIS_URL: 'redis://127.0.0.1:1',
    ACCOUNTS_URL: 'http://127.0.0.1:1',
    MESSAGES_URL: 'http://127.0.0.1:1',
  };
  const child = spawn(process.execPath, [main], { env: { ...env, ...settings }, stdio: ['ignore', 'pipe', 'pipe'], timeout: 15_000, killSignal: 'SIGKILL' });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said };
}

// A process that starts one engine and then does nothing, for tests that kill it: `node starter.ts <engine> <folder>` prints `<pid> <url>`.
import { startKafka, startPostgres, startRabbitmq, startRedis } from '@parley/engines';

const [name = '', folder = ''] = process.argv.slice(2);
const start = { kafka: startKafka, postgres: startPostgres, rabbitmq: startRabbitmq, redis: startRedis }[name];
if (start === undefined) throw new Error(`no engine ${name}`);
const engine = await start({ folder });
console.log(`${engine.pid} ${engine.url}`);
setInterval(() => undefined, 60_000);

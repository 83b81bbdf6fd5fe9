// `parley start`: everything in this process, until a signal.
import { resolve } from 'node:path';
import { createLogger } from '@parley/runtime';
import { configFromEnv } from '../config.ts';
import { startEmbedded } from '../embedded.ts';
import { listenHost } from '../listen-host.ts';
import { notificationSettings } from '../notification-settings.ts';
import { onSignal } from './on-signal.ts';

export async function start(options: { json?: boolean }): Promise<void> {
  const config = configFromEnv();
  const pretty = config.PARLEY_LOG_FORMAT === 'pretty' || (config.PARLEY_LOG_FORMAT === 'auto' && process.stdout.isTTY === true);
  const logger = createLogger({ level: config.PARLEY_LOG_LEVEL, pretty });
  const began = performance.now();
  const parley = await startEmbedded({
    dataDir: resolve(config.PARLEY_DATA),
    port: config.PORT,
    host: config.HOST,
    registration: config.PARLEY_REGISTRATION,
    origins: config.PARLEY_ORIGINS,
    drainMs: config.PARLEY_DRAIN_MS,
    notifications: notificationSettings(config),
    otlpEndpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
    traceRatio: config.TRACE_RATIO,
    logger,
  });
  const startMs = Math.round(performance.now() - began);
  let stopping = false;
  const stop = (code: number): void => {
    if (stopping) return;
    stopping = true;
    const hard = setTimeout(() => process.exit(1), config.PARLEY_DRAIN_MS + 10_000);
    void parley.stop().finally(() => {
      clearTimeout(hard);
      process.exit(code);
    });
  };
  onSignal(() => stop(0));
  if (options.json === true) console.log(JSON.stringify({ ready: true, url: parley.url, startMs, owner: parley.hasOwner, setupCode: parley.setupCode }));
  else console.log(greeting(parley, config.HOST, startMs));

  const reason = await parley.failed;
  if (stopping) return;
  console.error(`parley: ${reason.message}. Everything that was acknowledged is on disk; start Parley again.`);
  stop(1);
}

function greeting(parley: { url: string; hasOwner: boolean; setupCode: string | null }, host: string | undefined, startMs: number): string {
  const lines = [`Parley is ready: ${parley.url}  (${(startMs / 1000).toFixed(1)} s)`];
  if (!parley.hasOwner) lines.push('Open it and make the first account: it becomes the owner.');
  if (parley.setupCode !== null) lines.push(`The first account needs this code: ${parley.setupCode}`);
  const { note } = listenHost(host, parley.hasOwner);
  if (note !== null) lines.push(note);
  return lines.join('\n');
}

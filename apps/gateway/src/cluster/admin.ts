// The primary's own HTTP, for operators and the balancer: readiness, one page of metrics for all workers, and who they are. Carries no sockets.
import { createHash, timingSafeEqual } from 'node:crypto';
import http from 'node:http';
import { joinMetrics, type Metrics } from '@parley/runtime';
import type { WorkerPool } from './worker-pool.ts';

export interface AdminDeps {
  readonly pool: WorkerPool;
  /** The primary's own numbers. */
  readonly metrics: Metrics;
  /** Where the workers listen. */
  readonly url: string;
  /** Lets another machine read /status and /metrics. */
  readonly metricsToken?: string | undefined;
}

const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

/** What there is to know of us is for this machine, and for who has the token. */
function mayRead({ socket, headers }: http.IncomingMessage, token: string | undefined): boolean {
  if (LOOPBACK.test(socket.remoteAddress ?? '')) return true;
  if (token === undefined) return false;
  const [given, wanted] = [headers.authorization ?? '', `Bearer ${token}`].map((text) => createHash('sha256').update(text).digest()) as [Buffer, Buffer];
  return timingSafeEqual(given, wanted);
}

/** `GET /health/live`, `/health/ready`, `/status`, `/metrics`. It does not listen yet. */
export function createAdmin({ pool, metrics, url, metricsToken }: AdminDeps): http.Server {
  const status = async (): Promise<object> => {
    await Promise.all(pool.links().map((link) => (link.state === 'ready' ? link.ask('status') : null)));
    return { pid: process.pid, url, serving: pool.serving, crashes: pool.crashes, workers: pool.views() };
  };
  const ready = (): object => {
    const problems = pool.views().flatMap(({ slot, status: said }) => (said?.problems ?? []).map((problem) => ({ service: `worker ${slot}`, problem })));
    return { status: problems.length === 0 ? 'ok' : 'degraded', problems };
  };
  const text = async (): Promise<string> => {
    const parts = await Promise.all(pool.links().map((link) => (link.state === 'starting' ? null : link.ask('metrics'))));
    return joinMetrics([await metrics.values(), ...parts.filter((part) => part !== null)]);
  };
  const json = 'application/json; charset=utf-8';
  const nothing = [404, json, '{"error":{"code":"not_found","message":"There is nothing at this address."}}'] as [code: number, type: string, body: string];
  const answer = async (path: string, mayAll: boolean): Promise<[code: number, type: string, body: string]> => {
    if (path === '/health/live') return [200, json, '{"status":"ok"}'];
    if (path === '/health/ready') return pool.serving ? [200, json, JSON.stringify(ready())] : [503, json, '{"status":"unready"}'];
    if (!mayAll) return nothing;
    if (path === '/status') return [200, json, JSON.stringify(await status())];
    if (path === '/metrics') return [200, 'text/plain; version=0.0.4', await text()];
    return nothing;
  };
  return http.createServer((request, response) => {
    void answer(request.url?.split('?', 1)[0] ?? '/', mayRead(request, metricsToken)).then(([code, type, body]) =>
      response.writeHead(code, { 'content-type': type }).end(body),
    );
  });
}

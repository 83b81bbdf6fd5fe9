// The primary's own HTTP, for operators and the balancer: readiness, one page of metrics for all workers, and who they are. Carries no sockets.
import http from 'node:http';
import { joinMetrics, type Metrics } from '@parley/runtime';
import type { WorkerPool } from './worker-pool.ts';

export interface AdminDeps {
  readonly pool: WorkerPool;
  /** The primary's own numbers. */
  readonly metrics: Metrics;
  /** Where the workers listen. */
  readonly url: string;
}

/** `GET /health/live`, `/health/ready`, `/status`, `/metrics`. It does not listen yet. */
export function createAdmin({ pool, metrics, url }: AdminDeps): http.Server {
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
  const answer = async (path: string): Promise<[code: number, type: string, body: string]> => {
    const json = 'application/json; charset=utf-8';
    if (path === '/health/live') return [200, json, '{"status":"ok"}'];
    if (path === '/health/ready') return pool.serving ? [200, json, JSON.stringify(ready())] : [503, json, '{"status":"unready"}'];
    if (path === '/status') return [200, json, JSON.stringify(await status())];
    if (path === '/metrics') return [200, 'text/plain; version=0.0.4', await text()];
    return [404, json, '{"error":{"code":"not_found","message":"There is nothing at this address."}}'];
  };
  return http.createServer((request, response) => {
    void answer(request.url?.split('?', 1)[0] ?? '/').then(([code, type, body]) => response.writeHead(code, { 'content-type': type }).end(body));
  });
}

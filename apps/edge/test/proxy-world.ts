// An edge before fake services that say what reached them: real HTTP on both sides. Everything ends with the test.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock as clock, systemRng as rng } from '@parley/ports';
import { ParleyError } from '@parley/protocol';
import { createInternalHttp, createLogger, createMetrics, type Metrics, type TokenVerifier } from '@parley/runtime';
import { onTestFinished } from 'vitest';
import { createEdgeProxy, type EdgeProxyDeps } from '../src/index.ts';

export const KEY = 'a key that is long enough for this test';
export const SERVICES = ['accounts', 'rooms', 'messages', 'notifications', 'media'] as const;

export interface Reached {
  readonly service: string;
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Answers what a fake service says; by default its name. */
export type Say = (reached: Reached, response: http.ServerResponse) => void;

export async function listen(server: http.Server | net.Server, port = 0): Promise<string> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => {
    if (server instanceof http.Server) server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function fakeService(service: string, reached: Reached[], say?: Say): Promise<string> {
  return listen(
    http.createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      try {
        for await (const chunk of request) chunks.push(chunk as Buffer);
      } catch {
        return;
      }
      const one = { service, method: request.method ?? '', url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) };
      reached.push(one);
      if (say) say(one, response);
      else
        response.writeHead(200, { 'content-type': 'application/json', 'x-service': service }).end(request.method === 'HEAD' ? '' : JSON.stringify({ service }));
    }),
  );
}

/** `good` is somebody's token, `load` a session of class load; others are refused. */
export const verifier: TokenVerifier = {
  async verify(token) {
    if (token === 'old') throw new ParleyError('token_expired');
    if (token !== 'good' && token !== 'load') throw new ParleyError('unauthenticated');
    return {
      sub: '0190a0b0-0000-7000-8000-00000000000a',
      sid: '0190a0b0-0000-7000-8000-00000000000b',
      exp: 0,
      iat: 0,
      role: 'member',
      cls: token === 'load' ? 'load' : 'person',
    };
  },
};

export interface World {
  readonly url: string;
  readonly reached: Reached[];
  readonly metrics: Metrics;
  /** With a good token, unless `headers` has another. */
  call(path: string, init?: RequestInit): Promise<Response>;
  /** Sends these very bytes and answers all that comes back. */
  raw(bytes: string): Promise<string>;
}

export async function startWorld(options: Partial<EdgeProxyDeps> & { say?: Say; urls?: Record<string, readonly string[]> } = {}): Promise<World> {
  const reached: Reached[] = [];
  const own = await Promise.all(SERVICES.map(async (name) => [name, [await fakeService(name, reached, options.say)]] as const));
  const metrics = createMetrics({ defaults: false });
  const logger = createLogger({ level: 'silent' });
  const webRoot = mkdtempSync(join(tmpdir(), 'parley-web-'));
  mkdirSync(join(webRoot, 'assets'));
  writeFileSync(join(webRoot, 'index.html'), '<!doctype html><title>Parley</title>');
  const transport = createInternalHttp({ key: KEY, urls: { ...Object.fromEntries(own), ...options.urls }, clock, rng, logger, metrics });
  const edge = await createEdgeProxy({
    http: transport,
    gatewayUrls: ['http://127.0.0.1:1'],
    webRoot,
    origins: [],
    clock,
    rng,
    logger,
    metrics,
    verifier,
    ...options,
  });
  const url = await edge.app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(async () => {
    edge.app.server.closeAllConnections();
    await edge.app.close();
    await edge.stop();
    await transport.close();
    rmSync(webRoot, { recursive: true });
  });
  return {
    url,
    reached,
    metrics,
    call: (path, init = {}) => fetch(`${url}${path}`, { ...init, headers: { authorization: 'Bearer good', ...(init.headers as object) } }),
    raw: (bytes) =>
      new Promise((resolve, reject) => {
        const socket = net.connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(bytes));
        let all = '';
        socket.on('data', (chunk) => {
          all += chunk.toString('latin1');
        });
        socket.on('close', () => resolve(all));
        socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' ? resolve(all) : reject(error)));
      }),
  };
}

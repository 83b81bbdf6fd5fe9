// The edge as a browser or a stranger meets it: headers, origins, bodies that should not be, the web files, the documents.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemRng } from '@parley/ports';
import { CLIENT_FRAMES, LIMITS, ParleyError, SERVER_FRAMES } from '@parley/protocol';
import { createLogger, createMetrics, type Service, zodRoutes } from '@parley/runtime';
import type { FastifyInstance } from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import * as z from 'zod/mini';
import { buildAsyncApi, buildOpenApi, createEdge } from '../src/index.ts';

/** A service with a route of each kind; `seen` is what it has put on the app. */
function echoService(problems: readonly string[] = []): Service & { seen: string[] } {
  const seen: string[] = [];
  return {
    name: 'echo',
    seen,
    routes(app) {
      app.addHook('onRoute', (route) => {
        if (route.method !== 'HEAD') seen.push(`${String(route.method)} ${route.url}`);
      });
      const routes = zodRoutes(app);
      const Body = z.strictObject({ text: z.string().check(z.maxLength(10)), inner: z.optional(z.unknown()) });
      routes.post('/api/echo', { schema: { summary: 'Echo', body: Body, response: { 200: z.object({ text: z.string() }) } } }, async (request) => request.body);
      routes.get('/api/echo/:id', { schema: { summary: 'One', params: z.object({ id: z.uuid() }), response: { 200: z.object({}) } } }, async () => ({}));
      routes.get('/api/busy', { schema: { summary: 'Busy', response: { 200: z.object({}) } } }, async () => {
        throw new ParleyError('unavailable', 'Not now.', { retryAfterMs: 1500 });
      });
      routes.get('/api/broken', { schema: { summary: 'Broken', response: { 200: z.object({ n: z.int() }) } } }, async () => {
        throw new Error('secret insides');
      });
    },
    start: async () => {},
    stop: async () => {},
    problems: () => problems,
  };
}

const INDEX = '<!doctype html><title>Parley</title>';

async function startEdge({ build = true, problems = [] as string[], origins = ['https://app.example.org'] } = {}): Promise<FastifyInstance> {
  const webRoot = mkdtempSync(join(tmpdir(), 'parley-web-'));
  if (build) {
    mkdirSync(join(webRoot, 'assets'));
    writeFileSync(join(webRoot, 'index.html'), INDEX);
    writeFileSync(join(webRoot, 'assets/app-1a2b.js'), 'export {}');
  }
  const metrics = createMetrics({ defaults: false });
  const app = await createEdge({ services: [echoService(problems)], webRoot, origins, logger: createLogger({ level: 'silent' }), rng: systemRng, metrics });
  onTestFinished(async () => {
    await app.close();
    rmSync(webRoot, { recursive: true });
  });
  return app;
}

const errorOf = (response: { body: string }) => JSON.parse(response.body).error as { code: string; message: string; details?: unknown; requestId?: string };
const post = (app: FastifyInstance, payload: string, type: string | undefined = 'application/json') =>
  app.inject({ method: 'POST', url: '/api/echo', payload, headers: type === undefined ? {} : { 'content-type': type } });

test('Every answer forbids foreign and inline scripts, frames and sniffing, and names its request.', async () => {
  const app = await startEdge();
  for (const url of ['/', '/api/echo/x', '/api/docs', '/health/live', '/nowhere']) {
    const { headers } = await app.inject({ url, headers: { host: 'chat.example.org:8080' } });
    const csp = String(headers['content-security-policy']);
    expect(csp).toContain("script-src 'self';");
    expect(csp).toContain("default-src 'self'");
    expect(csp).toContain("frame-ancestors 'none'");
    expect(csp).toContain("connect-src 'self' ws://chat.example.org:8080 wss://chat.example.org:8080");
    expect(csp).not.toContain('unsafe');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['x-frame-options']).toBe('DENY');
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  }
});

test('A host header cannot write into the policy.', async () => {
  const app = await startEdge();
  const { headers } = await app.inject({ url: '/', headers: { host: "evil.org; script-src 'unsafe-inline'" } });
  expect(headers['content-security-policy']).not.toContain('unsafe');
});

test('Only origins that are named exactly may read answers from elsewhere.', async () => {
  const app = await startEdge();
  const allowed = async (origin: string) => (await app.inject({ url: '/health/live', headers: { origin } })).headers['access-control-allow-origin'];
  expect(await allowed('https://app.example.org')).toBe('https://app.example.org');
  for (const origin of ['https://app.example.org.evil.org', 'http://app.example.org', 'https://evil.org', 'null', 'https://xapp.example.org']) {
    expect(await allowed(origin)).toBeUndefined();
  }
  const preflight = await app.inject({
    method: 'OPTIONS',
    url: '/api/echo',
    headers: { origin: 'https://app.example.org', 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type' },
  });
  expect(preflight.headers['access-control-allow-headers']).toContain('authorization');
  expect(preflight.headers['access-control-allow-credentials']).toBeUndefined();
});

test('A depth bomb is refused before anything recurses over it, and brackets in a string are no depth.', async () => {
  const app = await startEdge();
  const bomb = `{"text":"a","inner":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
  const refused = await post(app, bomb);
  expect(refused.statusCode).toBe(400);
  expect(errorOf(refused)).toMatchObject({ code: 'invalid', details: { jsonDepth: LIMITS.jsonDepth } });
  const fits = `{"text":"[[[[","inner":${'['.repeat(31)}${']'.repeat(31)}}`;
  expect((await post(app, fits)).statusCode).toBe(200);
  expect((await post(app, fits.replace('"inner":[', '"inner":[[').replace(']}', ']]}'))).statusCode).toBe(400);
});

test.each([
  ['text', 'text/plain'],
  ['a form', 'application/x-www-form-urlencoded'],
  ['something with JSON in its name', 'application/json-seq'],
  ['nothing named', undefined],
])('A body that is called %s is refused.', async (_, type) => {
  const app = await startEdge();
  const response = await app.inject({ method: 'POST', url: '/api/echo', payload: Buffer.from('{"text":"a"}'), headers: type ? { 'content-type': type } : {} });
  expect(response.statusCode).toBe(400);
  expect(errorOf(response).code).toBe('invalid');
});

test.each([
  ['is not JSON', '{"text":', 'invalid'],
  ['is empty', '', 'invalid'],
  ['has a prototype in it', '{"text":"a","__proto__":{"admin":true}}', 'invalid'],
  ['has a field nobody knows', '{"text":"a","more":1}', 'invalid'],
  ['is too large', `{"text":"${'a'.repeat(LIMITS.bodyBytes)}"}`, 'too_large'],
])('A body that %s is refused with a code.', async (_, body, code) => {
  const response = await post(await startEdge(), body);
  expect(errorOf(response).code).toBe(code);
  expect(response.statusCode).toBe(code === 'too_large' ? 413 : 400);
});

test('A refusal names the fields, and never repeats what was in them.', async () => {
  const response = await post(await startEdge(), '{"text":"canary-canary-canary"}');
  expect(errorOf(response).details).toMatchObject([{ field: 'text' }]);
  expect(response.body).not.toContain('canary');
});

test('What breaks inside tells a request id and nothing else; what is away tells when to come back.', async () => {
  const app = await startEdge();
  const broken = await app.inject('/api/broken');
  expect(broken.statusCode).toBe(500);
  expect(errorOf(broken)).toMatchObject({ code: 'internal', requestId: broken.headers['x-request-id'] });
  expect(broken.body).not.toContain('secret');
  const busy = await app.inject('/api/busy');
  expect(busy.statusCode).toBe(503);
  expect(busy.headers['retry-after']).toBe('2');
  expect(errorOf(busy)).toMatchObject({ code: 'unavailable', retryAfterMs: 1500 });
});

test('Unknown addresses of the API are JSON errors; unknown addresses of the web are the page.', async () => {
  const app = await startEdge();
  for (const url of [
    '/api/nothing',
    '/api',
    '/health/nothing',
    '/.well-known/nothing',
    '/socket.io/',
    '/internal/accounts/jwks',
    '/assets/gone.js',
    '/../../etc/passwd.txt',
  ]) {
    const response = await app.inject(url);
    expect([url, response.statusCode, errorOf(response).code]).toEqual([url, 404, 'not_found']);
  }
  expect((await app.inject({ method: 'POST', url: '/nothing' })).statusCode).toBe(404);
  for (const url of ['/', '/rooms/0190', '/sign-in?next=/']) {
    const response = await app.inject(url);
    expect(response.body).toBe(INDEX);
    expect(response.headers['cache-control']).toBe('no-cache');
    expect(response.headers['content-type']).toContain('text/html');
  }
});

test('Files with a hash in their name are kept for ever, whether asked for by GET or HEAD.', async () => {
  const app = await startEdge();
  const response = await app.inject('/assets/app-1a2b.js');
  expect(response.body).toBe('export {}');
  expect(response.headers['cache-control']).toBe('public, max-age=31536000, immutable');
  expect((await app.inject({ method: 'HEAD', url: '/assets/app-1a2b.js' })).statusCode).toBe(200);
});

test('Without a web build the page says what to do, and the API works.', async () => {
  const app = await startEdge({ build: false });
  const response = await app.inject('/');
  expect(response.statusCode).toBe(503);
  expect(response.body).toContain('npm run build');
  expect((await app.inject('/api/connect')).json()).toEqual({ url: '/' });
});

test('A degraded service is named, and the process stays ready.', async () => {
  const app = await startEdge({ problems: ['The log is away.'] });
  const ready = await app.inject('/health/ready');
  expect(ready.statusCode).toBe(200);
  expect(ready.json()).toEqual({ status: 'degraded', problems: [{ service: 'echo', problem: 'The log is away.' }] });
  expect((await app.inject('/health/live')).json()).toEqual({ status: 'ok' });
});

test('Metrics are for this machine only, by route and not by address.', async () => {
  const app = await startEdge();
  await app.inject('/api/echo/0190a0b0-0000-7000-8000-000000000001');
  const page = await app.inject('/metrics');
  expect(page.body).toContain('route="/api/echo/:id"');
  expect(page.body).not.toContain('0190a0b0');
  expect((await app.inject({ url: '/metrics', remoteAddress: '192.0.2.7' })).statusCode).toBe(404);
});

test('The OpenAPI document holds every route of the services and of the edge, and needs no server.', async () => {
  const service = echoService();
  const document = (await buildOpenApi([service])) as { openapi: string; paths: Record<string, Record<string, { requestBody?: unknown }>> };
  const described = Object.entries(document.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));
  expect(service.seen).toHaveLength(4);
  for (const route of service.seen) expect(described).toContain(route.replace(/:(\w+)/g, '{$1}'));
  expect(described).toEqual(expect.arrayContaining(['GET /api/connect', 'GET /health/live', 'GET /health/ready']));
  expect(JSON.stringify(document.paths['/api/echo']?.post?.requestBody)).toContain('"maxLength":10');
  const served = await (await startEdge()).inject('/api/openapi.json');
  expect(served.json().paths).toEqual(JSON.parse(JSON.stringify(document)).paths);
});

test('The page of the API comes from this server whole.', async () => {
  const app = await startEdge();
  const page = await app.inject('/api/docs');
  expect(page.statusCode).toBe(200);
  expect(page.body).not.toMatch(/<script(?![^>]* src=)|<style|https?:\/\//);
  const files = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!);
  expect(files.length).toBeGreaterThan(3);
  for (const file of files) expect([file, (await app.inject(file)).statusCode]).toEqual([file, 200]);
});

test('The AsyncAPI document holds every frame, and there is a page to read it.', async () => {
  const document = buildAsyncApi();
  for (const name of Object.keys(CLIENT_FRAMES)) expect(document.components.messages).toHaveProperty([`client.${name}`, 'payload']);
  for (const name of Object.keys(SERVER_FRAMES)) expect(document.components.messages).toHaveProperty([`server.${name}`, 'payload']);
  expect(document.components.schemas['event.message.posted']).toMatchObject({ type: 'object', required: expect.arrayContaining(['text']) });
  const app = await startEdge();
  expect((await app.inject('/api/asyncapi.json')).json()).toEqual(JSON.parse(JSON.stringify(document)));
  const page = await app.inject('/api/asyncapi');
  expect(page.body).toContain('Client to server: resume');
  expect(page.body).not.toContain('<script');
});

test('Addresses that are not well-formed, or have parts that are too long, are errors of ours too.', async () => {
  const app = await startEdge();
  for (const url of ['/api/%zz', '/%', `/api/echo/${'x'.repeat(5_000)}`]) {
    const response = await app.inject(url);
    expect([url.slice(0, 10), response.statusCode < 500, errorOf(response).code]).toEqual([
      url.slice(0, 10),
      true,
      expect.stringMatching(/^(invalid|not_found)$/),
    ]);
  }
});

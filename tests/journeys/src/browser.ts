// People in real browser windows against a real server. Each has a context of their own; whatever the page complains of fails the test.
// Without a browser or the built web client the tests are skipped, with the reason.
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startParley, webRoot } from '@parley/cli';
import { createParley, type Parley } from '@parley/sdk';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { startOwnCluster, wantsCluster } from './own-cluster.ts';
import { program } from './program.ts';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  // One of several windows is always behind another: it must not be slowed down for that.
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
];
export const PASSWORD = 'correct horse battery';
/** A window whose server was killed twice within half a minute looks again after up to 30 s: the back-off starts anew only after a calm time. */
const PATIENCE_MS = 45_000;
/** vitest's expect.poll, as patient as a loaded machine needs. */
export const patient = { timeout: PATIENCE_MS, interval: 40 };

const executable = (): string | undefined => [process.env.CHROMIUM_PATH ?? '', ...PLACES].find((path) => path !== '' && existsSync(path));

/** Why browser tests cannot run here; null when they can. */
export function whyNot(): string | null {
  if (executable() === undefined) return `no browser: none of ${PLACES.join(', ')} is there, and CHROMIUM_PATH names none`;
  if (!existsSync(join(webRoot, 'index.html'))) return 'the web client is not built: run npm run build';
  return null;
}

/** A server that windows talk to. */
export interface Site {
  readonly url: string;
  /** Of a cluster: windows go to them in turn at first. */
  readonly gatewayUrls?: readonly string[];
  stop(): Promise<void>;
}
/** A server that can be killed, as a program of its own. */
export interface KillableSite extends Site {
  /** kill -9, nothing said to anybody. */
  kill(): Promise<void>;
  /** The same folder and port again. */
  restart(): Promise<void>;
}

export async function startSite(): Promise<Site> {
  if (wantsCluster()) {
    const { cluster, end } = await startOwnCluster();
    return { url: cluster.url, gatewayUrls: cluster.gatewayUrls, stop: end };
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-browser-'));
  const server = await startParley({ dataDir });
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export async function startKillableSite(): Promise<KillableSite> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-browser-'));
  const start = async (port: string) => {
    const running = program(['start', '--json'], { PORT: port, HOST: '127.0.0.1', PARLEY_DATA: join(folder, 'data') });
    const url = (await running.prints(/"url":"([^"]+)"/))[1] ?? '';
    return { running, url };
  };
  let now = await start('0');
  const { url } = now;
  const kill = async () => {
    now.running.child.kill('SIGKILL');
    await now.running.ended;
  };
  return {
    url,
    kill,
    restart: async () => {
      now = await start(new URL(url).port);
    },
    stop: async () => {
      await kill();
      // A killed program's Postgres may still be ending.
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
    },
  };
}

/** One person at one window. */
export interface Seat {
  readonly name: string;
  readonly page: Page;
  readonly context: BrowserContext;
  /** Every WebSocket frame that the server sent to this window. */
  readonly received: string[];
  /** Complaints of this kind are part of the story (a cut network, a refused password). */
  allow(pattern: RegExp): void;
  /** Another window (tab) of the same context. */
  tab(): Promise<Seat>;
}

export interface Stage<S extends Site = Site> {
  readonly site: S;
  /** A new person's window, at the address (`/` unless told). */
  seat(name: string, options?: BrowserContextOptions & { at?: string }): Promise<Seat>;
  /** A client in this process, for what no window needs to show. Signed in when there is such an account, else registered. */
  sdk(handle: string, name?: string): Promise<Parley>;
}

type Complaint = { readonly text: string; readonly seat: string };

/** Opens the browser and the server around the tests of a file, and judges each test by what the pages complained of. */
export function useStage<S extends Site = Site>(start: () => Promise<S>): Stage<S> {
  let browser: Browser | undefined;
  let site: S | undefined;
  let complaints: Complaint[] = [];
  const allowed = new Map<string, RegExp[]>();
  const clients: Parley[] = [];
  const contexts: BrowserContext[] = [];
  const complain = (seat: string, text: string): void => {
    complaints.push({ seat, text });
  };
  beforeAll(async () => {
    if (whyNot() !== null) return;
    const path = executable();
    [browser, site] = await Promise.all([chromium.launch({ ...(path === undefined ? {} : { executablePath: path }), args: ARGS }), start()]);
  }, 120_000);
  beforeEach((context) => {
    const reason = whyNot();
    if (reason !== null) context.skip(`needs a browser and the built page: ${reason}`);
    complaints = [];
    // What it looked like when it went wrong, for whoever must find out.
    context.onTestFailed(async () => {
      const folder = await mkdtemp(join(tmpdir(), 'parley-failed-'));
      for (const [index, page] of contexts.flatMap((one) => one.pages()).entries()) {
        await page.screenshot({ path: join(folder, `${index}.png`) }).catch(() => {});
        await writeFile(join(folder, `${index}.yml`), await page.locator('body').ariaSnapshot()).catch(() => {});
      }
      console.error(`The windows as they stood: ${folder}`);
    });
  });
  afterEach(() => {
    const unexpected = complaints.filter(({ seat, text }) => !(allowed.get(seat) ?? []).some((pattern) => pattern.test(text)));
    expect(unexpected, 'what the pages complained of').toEqual([]);
  });
  afterAll(async () => {
    await Promise.all(contexts.map((context) => context.close()));
    await Promise.all(clients.map((client) => client.close()));
    await browser?.close();
    await site?.stop();
  }, 60_000);
  const running = (): S => {
    if (site === undefined) throw new Error('There is no server before the tests run');
    return site;
  };
  return {
    get site() {
      return running();
    },
    seat: async (name, { at = '/', ...options } = {}) => {
      if (browser === undefined) throw new Error('There is no browser before the tests run');
      const context = await browser.newContext({ baseURL: running().url, viewport: { width: 1280, height: 860 }, reducedMotion: 'reduce', ...options });
      const gateways = running().gatewayUrls ?? [];
      const gateway = gateways[contexts.length % gateways.length];
      if (gateway !== undefined) await context.route('**/api/connect', (route) => route.fulfill({ json: { url: gateway } }), { times: 1 });
      contexts.push(context);
      await context.exposeFunction('parleyTestComplains', (text: string) => complain(name, text));
      await context.addInitScript(watchPolicy);
      allowed.set(name, []);
      const allow = (pattern: RegExp) => void allowed.get(name)?.push(pattern);
      return sit({ name, context, allow, complain: (text) => complain(name, text), at });
    },
    sdk: async (handle, name = handle) => {
      const parley = createParley({ url: running().url, device: 'test' });
      clients.push(parley);
      await parley.login({ handle, password: PASSWORD }).catch(() => parley.register({ handle, name, password: PASSWORD }));
      await parley.connect();
      return parley;
    },
  };
}

/** Runs in the page before anything else does: a broken content security policy is told, and nothing may run what came in a message. */
function watchPolicy(): void {
  const target = window as unknown as { parleyTestComplains(text: string): void };
  document.addEventListener('securitypolicyviolation', (event) =>
    target.parleyTestComplains(`content security policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`),
  );
}

interface SeatInput {
  readonly name: string;
  readonly context: BrowserContext;
  readonly allow: (pattern: RegExp) => void;
  readonly complain: (text: string) => void;
  readonly at: string;
}

async function sit(input: SeatInput): Promise<Seat> {
  const { name, context, allow, complain, at } = input;
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const received: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complain(`console: ${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => complain(`page: ${error.stack ?? error.message}`));
  page.on('crash', () => complain('the page crashed'));
  page.on('dialog', (dialog) => {
    complain(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => received.push(payload.toString())));
  await page.goto(at);
  return { name, page, context, received, allow, tab: () => sit({ ...input, at: '/' }) };
}

// A push service with its browsers, over real HTTP: it checks who pushes (VAPID), opens what is encrypted for its devices with their own keys,
// and shows it as a service worker does: a second one of the same tag replaces the first. What it answers is the test's to say.
import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Push {
  readonly device: string;
  readonly topic: string;
  readonly ttl: number;
  readonly payload: { readonly room: string; readonly seq: number; readonly tag: string; readonly title: string; readonly body: string };
}

export interface PushService {
  /** A browser subscribes; `name` is its place in the endpoint. */
  subscribe(name: string): { endpoint: string; keys: { p256dh: string; auth: string } };
  /** Every push that was taken. */
  readonly taken: Push[];
  /** Calls, also refused ones. */
  calls: number;
  /** Status of the next answers; 201 after them. */
  readonly answers: number[];
  /** So many pushes are taken, and their answers lost. */
  loseAnswers: number;
  /** Tags that a person sees on the device: each once. */
  shown(name: string): string[];
  stop(): Promise<void>;
}

interface Browser {
  readonly ecdh: ReturnType<typeof createECDH>;
  readonly auth: Buffer;
}

export async function startPushService(): Promise<PushService> {
  const browsers = new Map<string, Browser>();
  const server = createServer((request, response) => {
    void answer(request).then(
      (status) => response.writeHead(status).end(),
      (error: unknown) => response.writeHead(400).end(String(error)),
    );
  });
  const service: PushService = {
    taken: [],
    calls: 0,
    answers: [],
    loseAnswers: 0,
    subscribe(name) {
      const ecdh = createECDH('prime256v1');
      const browser = { ecdh, auth: randomBytes(16) };
      ecdh.generateKeys();
      browsers.set(name, browser);
      const { port } = server.address() as AddressInfo;
      return { endpoint: `http://127.0.0.1:${port}/${name}`, keys: { p256dh: ecdh.getPublicKey('base64url'), auth: browser.auth.toString('base64url') } };
    },
    shown: (name) => [...new Set(service.taken.filter((push) => push.device === name).map((push) => push.payload.tag))],
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  const answer = async (request: IncomingMessage): Promise<number> => {
    service.calls++;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const status = service.answers.shift() ?? 201;
    if (status !== 201) return status;
    const device = (request.url ?? '').slice(1);
    const browser = browsers.get(device);
    if (browser === undefined) return 410;
    checkVapid(String(request.headers.authorization), `http://${request.headers.host}`);
    const payload = JSON.parse(open(Buffer.concat(chunks), browser).toString()) as Push['payload'];
    service.taken.push({ device, topic: String(request.headers.topic), ttl: Number(request.headers.ttl), payload });
    if (service.loseAnswers > 0) {
      service.loseAnswers--;
      request.socket.destroy();
    }
    return 201;
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return service;
}

/** RFC 8292: a JWT for this origin, signed by the key that it names. */
function checkVapid(header: string, origin: string): void {
  const [, token = '', key = ''] = /^vapid t=([^,]+), ?k=(.+)$/.exec(header) ?? [];
  const [head, claims = '', signature = ''] = token.split('.');
  const point = Buffer.from(key, 'base64url');
  const jwk = { kty: 'EC', crv: 'P-256', x: point.subarray(1, 33).toString('base64url'), y: point.subarray(33).toString('base64url') };
  const good = verify(
    'sha256',
    Buffer.from(`${head}.${claims}`),
    { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
  const { aud, sub } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { aud: string; sub: string };
  if (!good || aud !== origin || !sub.startsWith('mailto:')) throw new Error('not signed by whoever it names');
}

/** RFC 8291 with RFC 8188, one record. */
function open(body: Buffer, { ecdh, auth }: Browser): Buffer {
  const salt = body.subarray(0, 16);
  const keyLength = body[20] ?? 0;
  const sender = body.subarray(21, 21 + keyLength);
  const sealed = body.subarray(21 + keyLength);
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), ecdh.getPublicKey(), sender]);
  const secret = Buffer.from(hkdfSync('sha256', ecdh.computeSecret(sender), auth, info, 32));
  const key = Buffer.from(hkdfSync('sha256', secret, salt, 'Content-Encoding: aes128gcm\0', 16));
  const nonce = Buffer.from(hkdfSync('sha256', secret, salt, 'Content-Encoding: nonce\0', 12));
  const decipher = createDecipheriv('aes-128-gcm', key, nonce).setAuthTag(sealed.subarray(-16));
  const padded = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
  return padded.subarray(0, padded.lastIndexOf(2));
}

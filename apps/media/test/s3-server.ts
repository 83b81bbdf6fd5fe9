// A bucket in memory that speaks as much of the S3 protocol as the store uses. Signatures are not checked, so it shows that our calls are
// right, not that a real server would let them in.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface S3Server {
  readonly url: string;
  readonly objects: ReadonlyMap<string, Buffer>;
  /** Uploads in parts that have not ended. */
  readonly open: ReadonlyMap<string, unknown>;
  /** Method and kind of each call. */
  readonly calls: string[];
  stop(): Promise<void>;
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
const xml = (root: string, inner: string): string => `<?xml version="1.0" encoding="UTF-8"?><${root}>${inner}</${root}>`;
const tagOf = (bytes: Buffer): string => `"${bytes.length}-${bytes.subarray(0, 8).toString('hex')}"`;

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export async function startS3Server(): Promise<S3Server> {
  const objects = new Map<string, Buffer>();
  const meta = new Map<string, Record<string, string>>();
  const open = new Map<string, Map<number, Buffer>>();
  const calls: string[] = [];
  let count = 0;

  const say = (response: ServerResponse, status: number, body: string | Buffer = '', headers: Record<string, string> = {}): void => {
    response.writeHead(status, { 'content-type': 'application/xml', ...headers }).end(body);
  };
  const missing = (response: ServerResponse, code: string): void => say(response, 404, xml('Error', `<Code>${code}</Code><Message>not there</Message>`));

  const inParts = async (request: IncomingMessage, response: ServerResponse, key: string, query: URLSearchParams): Promise<void> => {
    const id = query.get('uploadId') ?? '';
    const parts = open.get(id);
    if (request.method === 'POST' && query.has('uploads')) {
      const made = `upload-${++count}`;
      open.set(made, new Map());
      return say(response, 200, xml('InitiateMultipartUploadResult', `<Bucket>b</Bucket><Key>${escaped(key)}</Key><UploadId>${made}</UploadId>`));
    }
    if (parts === undefined) return missing(response, 'NoSuchUpload');
    const body = await bodyOf(request);
    if (request.method === 'PUT') {
      parts.set(Number(query.get('partNumber')), body);
      return say(response, 200, '', { etag: tagOf(body) });
    }
    if (request.method === 'GET') {
      const listed = [...parts].sort(([a], [b]) => a - b);
      const rows = listed.map(([nr, part]) => `<Part><PartNumber>${nr}</PartNumber><ETag>${escaped(tagOf(part))}</ETag><Size>${part.length}</Size></Part>`);
      return say(response, 200, xml('ListPartsResult', `<UploadId>${id}</UploadId><IsTruncated>false</IsTruncated>${rows.join('')}`));
    }
    open.delete(id);
    if (request.method === 'DELETE') return say(response, 204);
    const named = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map(([, nr]) => parts.get(Number(nr)) ?? Buffer.alloc(0));
    objects.set(key, Buffer.concat(named));
    say(response, 200, xml('CompleteMultipartUploadResult', `<Key>${escaped(key)}</Key><ETag>"done"</ETag>`));
  };

  const whole = async (request: IncomingMessage, response: ServerResponse, key: string): Promise<void> => {
    const kept = objects.get(key);
    if (request.method === 'PUT') {
      const body = await bodyOf(request);
      objects.set(key, body);
      meta.set(
        key,
        Object.fromEntries(Object.entries(request.headers).flatMap(([name, value]) => (name.startsWith('x-amz-meta-') ? [[name, String(value)]] : []))),
      );
      return say(response, 200, '', { etag: tagOf(body) });
    }
    if (request.method === 'DELETE') {
      objects.delete(key);
      return say(response, 204);
    }
    if (kept === undefined) return request.method === 'HEAD' ? say(response, 404) : missing(response, 'NoSuchKey');
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    const body = range ? kept.subarray(Number(range[1]), Number(range[2]) + 1) : kept;
    const headers = { 'content-type': 'application/octet-stream', 'content-length': String(body.length), etag: tagOf(kept), ...meta.get(key) };
    say(response, range ? 206 : 200, request.method === 'HEAD' ? '' : body, headers);
  };

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://s3');
    const [, , ...rest] = decodeURIComponent(pathname).split('/');
    const key = rest.join('/');
    calls.push(`${request.method} ${[...searchParams.keys()].join(' ')}`.trim());
    if (request.method === 'POST' && searchParams.has('delete')) {
      void bodyOf(request).then((body) => {
        for (const [, name = ''] of body.toString().matchAll(/<Key>([^<]+)<\/Key>/g)) objects.delete(name);
        say(response, 200, xml('DeleteResult', ''));
      });
    } else if (searchParams.has('uploads') || searchParams.has('uploadId')) void inParts(request, response, key, searchParams);
    else void whole(request, response, key);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    open,
    calls,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

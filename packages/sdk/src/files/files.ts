// Files to and from the server: uploads that go on after a cut (tus 1.0, as much of it as is needed), and addresses to show files by.
import { type Attachment, ERRORS, type FileLink, type MediaFile, ParleyError } from '@parley/protocol';
import type { FileUrls, Parley, SdkClock, UploadOptions } from '../api.ts';
import { asParleyError } from '../net/error-of.ts';
import type { Http } from '../net/http.ts';

const CHUNK_BYTES = 1024 * 1024;
/** A piece may take as long as the server waits for it; what has arrived by then is kept there. */
const CHUNK_MS = 30_000;
/** Tries in a row that bring nothing, with waits up to half a minute between them: about five minutes without a network. */
const TRIES = 14;
const WAIT_MS = 500;
const WAIT_MOST_MS = 30_000;
/** Links are good for five minutes; renewed well before. */
const LINK_MS = 3 * 60_000;
/** Where the thumbnail is still to come. */
const SOON_MS = 2_000;
const PATH = '/api/media/uploads';
const TUS = { 'tus-resumable': '1.0.0' };

export interface FilesDeps {
  readonly http: Http;
  readonly clock: SdkClock;
  readonly random: () => number;
  readonly url: string;
  readonly me: () => string;
  readonly check: () => void;
}

export function createFiles(deps: FilesDeps): Pick<Parley, 'upload' | 'fileUrl'> {
  const links = new Map<string, { readonly until: number; readonly urls: Promise<FileUrls> }>();
  const ask = async (id: string): Promise<FileUrls> => {
    const link = await deps.http.call<FileLink>(`/api/media/files/${id}/link`);
    return { url: deps.url + link.url, thumbnail: link.thumbnail === null ? null : deps.url + link.thumbnail };
  };
  return {
    async upload(room, file, options) {
      deps.check();
      return upload(deps, room, file, options);
    },
    fileUrl(id) {
      const now = deps.clock.now();
      for (const [key, { until }] of links) if (until <= now) links.delete(key);
      // A link is one person's own.
      const key = `${deps.me()}/${id}`;
      const known = links.get(key);
      if (known !== undefined) return known.urls;
      const urls = ask(id);
      links.set(key, { until: now + LINK_MS, urls });
      urls.then(
        ({ thumbnail }) => thumbnail === null && links.set(key, { until: deps.clock.now() + SOON_MS, urls }),
        () => links.delete(key),
      );
      return urls;
    },
  };
}

async function upload(deps: FilesDeps, room: string, file: Blob, { name, onProgress = () => {}, signal }: UploadOptions): Promise<Attachment> {
  let path: string | null = null;
  try {
    path = await begin(deps, room, file, name, signal);
    await send(deps, path, file, onProgress, signal);
    const id = path.slice(path.lastIndexOf('/') + 1);
    const info = await again(deps, signal, () => deps.http.call<MediaFile>(`/api/media/files/${id}/info`, { signal }));
    return attachmentOf(info);
  } catch (thrown) {
    // Nobody waits for it any more; what does not get through expires there.
    if (signal?.aborted && path !== null) deps.http.call(path, { method: 'DELETE', headers: TUS }).catch(() => {});
    throw thrown;
  }
}

const begin = (deps: FilesDeps, room: string, file: Blob, name: string, signal: AbortSignal | undefined): Promise<string> =>
  again(deps, signal, async () => {
    let path = '';
    const headers = { ...TUS, 'upload-length': String(file.size), 'upload-metadata': `room ${base64(room)},name ${base64(name)}` };
    const onHeaders = (answer: Headers): void => {
      path = answer.get('location') ?? '';
    };
    await deps.http.call(PATH, { method: 'POST', headers, signal, onHeaders });
    // A path of this very API, or nothing: an answer must not send the bytes and the token elsewhere.
    const id = /\/api\/media\/uploads\/([0-9a-f-]{36})$/.exec(path)?.[1];
    if (id === undefined) throw new ParleyError('unavailable', 'The server did not say where the upload is.');
    return `${PATH}/${id}`;
  });

async function send(deps: FilesDeps, path: string, file: Blob, onProgress: (sent: number, total: number) => void, signal?: AbortSignal): Promise<void> {
  let offset = 0;
  const learn = (headers: Headers): void => {
    offset = Number(headers.get('upload-offset') ?? offset);
    onProgress(offset, file.size);
  };
  onProgress(0, file.size);
  for (let unsure = false; offset < file.size; ) {
    await again(deps, signal, async () => {
      if (unsure) await deps.http.call(path, { method: 'HEAD', headers: TUS, signal, onHeaders: learn });
      unsure = true;
      if (offset >= file.size) return;
      const headers = { ...TUS, 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' };
      const bytes = file.slice(offset, offset + CHUNK_BYTES);
      await deps.http.call(path, { method: 'PATCH', headers, bytes, timeoutMs: CHUNK_MS, signal, onHeaders: learn });
      unsure = false;
    });
  }
}

/** Until it works, is refused for good, is given up, or has brought nothing for minutes. */
async function again<T>(deps: FilesDeps, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    if (signal?.aborted) throw asParleyError(signal.reason);
    try {
      return await work();
    } catch (thrown) {
      const error = asParleyError(thrown);
      if (signal?.aborted || !ERRORS[error.code].retry || tries >= TRIES) throw error;
      const longest = Math.min(WAIT_MOST_MS, WAIT_MS * 2 ** tries);
      await wait(deps, error.retryAfterMs ?? longest / 2 + (deps.random() * longest) / 2, signal);
    }
  }
}

const wait = ({ clock }: FilesDeps, ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      cancel();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    signal?.addEventListener('abort', end);
  });

const attachmentOf = ({ id, name, type, bytes, width, height }: MediaFile): Attachment => ({
  id,
  name,
  type,
  bytes,
  ...(width === null || height === null ? {} : { width, height }),
});

/** Of UTF-8. */
const base64 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

// Bodies on their way in: small ones are held (so that another address can be tried), files are streamed. Neither without a limit.
import { type Readable, Transform } from 'node:stream';
import type { Clock } from '@parley/ports';
import { LIMITS, ParleyError } from '@parley/protocol';
import type { FastifyInstance, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Are bodies of this route files? Then they are streamed, up to so many bytes. */
    streamBytes?: number;
    /** Largest body that is held, where it is not everybody's. */
    heldBytes?: number;
  }
}

/** A held body must have come within this time. */
const HELD_MS = 30_000;

/** On this app bodies are bytes: what they mean is for the service to find out. */
export function takeBodiesAsBytes(app: FastifyInstance, clock: Clock): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (request: FastifyRequest, payload, done) => {
    const { streamBytes, heldBytes = LIMITS.bodyBytes } = request.routeOptions.config;
    const limit = streamBytes ?? heldBytes;
    if (Number(request.headers['content-length'] ?? 0) > limit) return done(tooLarge(limit));
    if (streamBytes !== undefined)
      return done(
        null,
        payload.pipe(createLimit(limit)).on('error', () => {}),
      );
    hold(payload as unknown as Readable, limit, clock).then(
      (body) => done(null, body),
      (error: unknown) => done(error as Error),
    );
  });
}

const tooLarge = (bodyBytes: number): ParleyError => new ParleyError('too_large', 'The body is too large.', { details: { bodyBytes } });

function hold(payload: Readable, limit: number, clock: Clock): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const stop = (error: Error): void => {
      timer.cancel();
      payload.removeAllListeners('data');
      // What is still coming is read and forgotten: the answer would not be seen otherwise.
      payload.resume();
      reject(error);
    };
    const timer = clock.after(HELD_MS, () => stop(new ParleyError('invalid', 'The body did not come in time.')));
    payload.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) stop(tooLarge(limit));
      else chunks.push(chunk);
    });
    payload.once('end', () => {
      timer.cancel();
      resolve(Buffer.concat(chunks));
    });
    payload.once('error', stop);
    payload.once('close', () => stop(new ParleyError('invalid', 'The body ended early.')));
  });
}

function createLimit(limit: number): Transform {
  let size = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      done(size > limit ? tooLarge(limit) : null, chunk);
    },
  });
}

// How another shell, or a test, talks to the supervisor: one line of JSON each way over a unix socket that only this user may open.
import { chmod, rm } from 'node:fs/promises';
import net from 'node:net';
import { createInterface } from 'node:readline';
import type { ClusterStatus } from './cluster-state.ts';

export interface ControlRequest {
  readonly do: 'status' | 'kill' | 'restart' | 'pause' | 'resume' | 'stop' | 'start' | 'ready' | 'end';
  /** A process (`gateway-1`), one of its workers (`gateway-1/2`), or only its primary (`gateway-1/primary`). */
  readonly name?: string;
}

export type ControlAnswer = { readonly ok: true; readonly status: ClusterStatus } | { readonly ok: false; readonly error: string };

/** Asked for what is not there, or in a way that cannot be. */
export class ControlRefused extends Error {
  override readonly name = 'ControlRefused';
}
/** Nobody answers at this folder: no cluster runs there. */
export class NoCluster extends Error {
  override readonly name = 'NoCluster';
}

/** Serves requests until closed. */
export async function serveControl(path: string, handle: (request: ControlRequest) => Promise<ClusterStatus>): Promise<net.Server> {
  await rm(path, { force: true });
  const server = net.createServer((socket) => {
    socket.on('error', () => socket.destroy());
    createInterface({ input: socket }).once('line', (line) => {
      const answered = Promise.try(() => handle(JSON.parse(line) as ControlRequest)).then(
        (status): ControlAnswer => ({ ok: true, status }),
        (error: unknown): ControlAnswer => ({ ok: false, error: error instanceof Error ? error.message : String(error) }),
      );
      void answered.then((answer) => socket.end(`${JSON.stringify(answer)}\n`));
    });
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
  await chmod(path, 0o600);
  return server;
}

/** Throws NoCluster or ControlRefused. */
export function askControl(path: string, request: ControlRequest): Promise<ClusterStatus> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(path);
    let answered = false;
    socket.once('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    socket.once('error', (error) => reject(new NoCluster('No cluster runs here.', { cause: error })));
    socket.once('close', () => answered || reject(new NoCluster('The supervisor ended before it answered.')));
    createInterface({ input: socket })
      .on('error', () => {})
      .once('line', (line) => {
        answered = true;
        const answer = JSON.parse(line) as ControlAnswer;
        answer.ok ? resolve(answer.status) : reject(new ControlRefused(answer.error));
      });
  });
}

// A socket of somebody's account that knows no SDK: for what no good client does.
import { LIMITS } from '@parley/protocol';
import { createParley, memoryStorage } from '@parley/sdk';
import { io, type Socket } from 'socket.io-client';
import type { Person } from './person.ts';
import type { Stage } from './stage.ts';

/** A fresh session's token. */
export async function tokenOf({ cluster, loadKey }: Stage, { handle, password }: Person): Promise<string> {
  const second = createParley({ url: cluster.url, loadKey, storage: memoryStorage() });
  const { accessToken } = await second.login({ handle, password });
  await second.close();
  return accessToken;
}

/** Resolves when the gateway has said hello. */
export async function bareSocket(gatewayUrl: string, token: string): Promise<Socket> {
  const socket = io(gatewayUrl, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    auth: { token, protocol: LIMITS.protocolVersion, client: 'faults' },
  });
  await new Promise<void>((resolve, reject) => socket.once('hello', () => resolve()).once('connect_error', reject));
  return socket;
}

/** The server's events of these rooms come from now on. */
export async function followRooms(socket: Socket, { parley }: Person, rooms: readonly string[]): Promise<void> {
  const places = Object.fromEntries(
    rooms.flatMap((room) => {
      const state = parley.state.rooms.get(room);
      return state === undefined ? [] : [[room, { epoch: state.epoch, seq: state.seq }] as const];
    }),
  );
  const answer = (await socket.timeout(10_000).emitWithAck('resume', { me: 0, rooms: places })) as { ok?: boolean };
  if (answer.ok !== true) throw new Error(`The gateway does not resume: ${JSON.stringify(answer)}`);
}

/** From now on nothing that comes is read, as by a phone in a tunnel. */
export function stopReading(socket: Socket): void {
  const { ws } = socket.io.engine.transport as unknown as { ws: { pause(): void } };
  ws.pause();
}

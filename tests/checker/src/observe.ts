// Reads a history record by record into what the checker remembers.
import type { AnyRoomEvent, CommandResult } from '@parley/protocol';
import type { ObservationRecord } from './history.ts';
import { invoked, refused, resulted } from './observe-commands.ts';
import { applied, extend, snapshot } from './observe-places.ts';
import { type ClientTrack, commandKey, type Observed, trackOf } from './observed.ts';

/** Put `canary-<room id>` into texts: the checker then looks for it in every frame of everybody who was never in that room. */
const CANARY = /canary-([0-9a-f]{8}-[0-9a-f-]{27})/g;

function framed(observed: Observed, client: ClientTrack, name: string, payload: unknown, t: number): void {
  if (name === 'event') {
    const event = payload as AnyRoomEvent;
    extend(trackOf(client, event.room).frames, event, client.user, t);
  } else if (name === 'result') resulted(observed, client, payload as CommandResult, t);
  const text = JSON.stringify(payload) ?? '';
  if (!text.includes('canary-')) return;
  for (const [, room] of text.matchAll(CANARY)) {
    if (room !== undefined) observed.canaries.push({ client: client.client, user: client.user, room, frame: name, t });
  }
}

function connected(observed: Observed, client: ClientTrack): void {
  if (client.rooms.size > 0) observed.counts.reconnects++;
  client.present = true;
  for (const track of client.rooms.values()) track.fresh = true;
}

function accepted(observed: Observed, client: ClientTrack, saw: { room: string; clientId: string }, t: number): void {
  const command = observed.commands.get(commandKey(saw.room, client.user, saw.clientId));
  if (command === undefined || command.acceptedAt !== null) return;
  command.acceptedAt = t;
  observed.counts.accepted++;
  observed.accepting.add(t - command.invokedAt);
}

function clientOf(observed: Observed, name: string, user: string): ClientTrack {
  let client = observed.clients.get(name);
  if (client === undefined) {
    client = { client: name, user, present: false, rooms: new Map() };
    observed.clients.set(name, client);
    observed.counts.clients++;
  }
  return client;
}

export function observe(observed: Observed, { t, client: name, user, saw }: ObservationRecord): void {
  const client = clientOf(observed, name, user);
  if (saw.kind === 'invoke') invoked(observed, client, saw.command, t);
  else if (saw.kind === 'accepted') accepted(observed, client, saw, t);
  else if (saw.kind === 'refused') refused(observed.commands.get(commandKey(saw.room, user, saw.clientId)), saw.error);
  else if (saw.kind === 'frame') framed(observed, client, saw.name, saw.payload, t);
  else if (saw.kind === 'applied') applied(observed, client, saw.event, t);
  else if (saw.kind === 'snapshot') snapshot(observed, client, saw, t);
  else if (saw.kind === 'connected') connected(observed, client);
  else if (saw.kind === 'disconnected') client.present = false;
  // 'unknown' says nothing: the command may be anywhere.
}

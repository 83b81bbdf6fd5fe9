// Commands through the naive model: what it keeps, and what it tells to whom.
import type { RoomCommand } from '@parley/protocol';
import { NaiveRoom } from './naive-model.ts';
import { ROOMS } from './random-commands.ts';
import type { Told } from './run-batches.ts';

export function runModel(groups: readonly (readonly RoomCommand[])[]) {
  const rooms = new Map(ROOMS.map((room) => [room, new NaiveRoom()]));
  const told: Told[] = [];
  for (const command of groups.flat()) {
    const result = rooms.get(command.room)?.take(command);
    if (!result || command.type === 'room.change') continue;
    const { status, seq, code } = result;
    told.push({
      user: command.author,
      result: { room: command.room, clientId: command.clientId, status, ...(seq === null ? {} : { seq }), ...(code === null ? {} : { code }) },
    });
  }
  return { rooms, told };
}

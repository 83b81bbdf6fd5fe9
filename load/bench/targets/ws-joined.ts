// Bare `ws` that joins the frames of one room within 10 ms: one write per member for all of them. The least that many messages can cost in Node.
import { serveWsRooms } from './ws-rooms.ts';

const WINDOW_MS = 10;
const pending = new Map<string, Buffer[]>();

await serveWsRooms((room, members, frame) => {
  const waiting = pending.get(room);
  if (waiting !== undefined) {
    waiting.push(frame);
    return;
  }
  pending.set(room, [frame]);
  setTimeout(() => {
    const frames = pending.get(room) ?? [];
    pending.delete(room);
    const joined = frames.length === 1 ? frame : Buffer.concat(frames);
    for (const member of members) member._socket.write(joined);
  }, WINDOW_MS);
});

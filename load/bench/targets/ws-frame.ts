// The bare `ws` shared-frame loop: one frame per message, written to each member at once. The least that a message alone can cost in Node.
import { serveWsRooms } from './ws-rooms.ts';

await serveWsRooms((_room, members, frame) => {
  for (const member of members) member._socket.write(frame);
});

// A Socket.IO client that costs as little as it can, so that a benchmark measures the server: ws, and string searches instead of JSON.
import { WebSocket } from 'ws';

export interface RawClient {
  send(name: string, payload: unknown): void;
  close(): void;
}

/** Connects, signs in and resumes; `onEvent` gets each event frame's text as it came. Resolves when the resume is answered. */
export function connectRaw(url: string, token: string, onEvent: (frame: string) => void): Promise<RawClient> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`, { perMessageDeflate: false });
  let ack = 1;
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (data) => {
      const text = String(data);
      if (text.startsWith('42["event"')) onEvent(text);
      else if (text === '2') socket.send('3');
      else if (text.startsWith('0{')) socket.send(`40${JSON.stringify({ token, protocol: 1 })}`);
      else if (text.startsWith('40')) socket.send(`420${JSON.stringify(['resume', { me: null, rooms: {} }])}`);
      else if (text.startsWith('430['))
        resolve({ send: (name, payload) => socket.send(`42${ack++}${JSON.stringify([name, payload])}`), close: () => socket.terminate() });
      else if (text.startsWith('44')) reject(new Error(text));
    });
  });
}

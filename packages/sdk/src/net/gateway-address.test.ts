// Where a client goes for its socket: where the server says, each time anew, and somewhere also when it does not say.
import { ParleyError } from '@parley/protocol';
import { expect, test } from 'vitest';
import { createGatewayAddress } from './gateway-address.ts';

test('each try goes where the server says now, and to the last place while it says nothing', async () => {
  const answers: unknown[] = [{ url: 'https://g1.example' }, { url: 'https://g2.example' }, null, {}, { url: '/' }];
  const asked: string[] = [];
  const http = {
    open: async <T>(path: string): Promise<T> => {
      asked.push(path);
      const answer = answers.shift();
      if (answer === null) throw new ParleyError('unavailable');
      return answer as T;
    },
  };
  const where = createGatewayAddress({ url: 'https://chat.example', http });
  const went: string[] = [];
  for (let i = 0; i < 5; i++) went.push(await where(true));
  expect(went).toEqual(['https://g1.example', 'https://g2.example', 'https://g2.example', 'https://g2.example', 'https://chat.example']);
  const from = (place: string): string => `/api/connect?not=${encodeURIComponent(place)}`;
  expect(asked).toEqual(['/api/connect', from('https://g1.example'), from('https://g2.example'), from('https://g2.example'), from('https://g2.example')]);
});

test('a server that carries the socket itself is asked again only after a try that came to nothing', async () => {
  let asked = 0;
  const http = {
    open: async <T>(): Promise<T> => {
      asked++;
      return { url: asked < 3 ? '/' : 'https://g1.example' } as T;
    },
  };
  const where = createGatewayAddress({ url: 'https://chat.example', http });
  expect([await where(false), await where(false), await where(false), asked]).toEqual([
    'https://chat.example',
    'https://chat.example',
    'https://chat.example',
    1,
  ]);
  expect([await where(true), asked]).toEqual(['https://chat.example', 2]);
  expect([await where(true), await where(false), asked]).toEqual(['https://g1.example', 'https://g1.example', 4]);
});

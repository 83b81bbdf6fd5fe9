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
  for (let i = 0; i < 5; i++) went.push(await where());
  expect(went).toEqual(['https://g1.example', 'https://g2.example', 'https://g2.example', 'https://g2.example', 'https://chat.example']);
  const from = (place: string): string => `/api/connect?not=${encodeURIComponent(place)}`;
  expect(asked).toEqual(['/api/connect', from('https://g1.example'), from('https://g2.example'), from('https://g2.example'), from('https://g2.example')]);
});

// What the one HTTP app says to a body that does not fit.
import { systemRng } from '@parley/ports';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import * as z from 'zod/mini';
import { createHttpApp, zodRoutes } from '../index.ts';

it('a body that does not fit is refused with the field and what is wrong with it, in words', async () => {
  const app = await createHttpApp({ logger: pino({ level: 'silent' }), rng: systemRng });
  zodRoutes(app).post('/api/thing', { schema: { body: z.strictObject({ name: z.string().check(z.maxLength(3)) }) } }, async () => ({}));
  const answer = await app.inject({ method: 'POST', url: '/api/thing', payload: { name: 7 } });
  expect(answer.statusCode).toBe(400);
  expect(answer.json().error.code).toBe('invalid');
  expect(answer.body).toContain('name');
  expect(answer.body).toContain('expected string, received number');
  await app.close();
});

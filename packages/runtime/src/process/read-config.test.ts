// Settings: all mistakes at once, and no value repeated.
import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { ConfigError, readConfig } from './read-config.ts';

const schema = z.object({
  PORT: z._default(z.coerce.number('must be a number'), 8080),
  MODE: z.enum(['open', 'invite'], 'must be open or invite'),
  KEY: z.string('choose a secret of 32 characters').check(z.minLength(32, 'must have at least 32 characters')),
});

test('Good settings are read, an empty one is as good as none, and others do not matter.', () => {
  expect(readConfig(schema, { PORT: '', MODE: 'open', KEY: 'k'.repeat(32), HOME: '/root' })).toEqual({ PORT: 8080, MODE: 'open', KEY: 'k'.repeat(32) });
});

test('Every mistake is named with what to do, and no value is shown.', () => {
  const read = () => readConfig(schema, { PORT: 'eighty', MODE: 'closed-canary', KEY: undefined });
  expect(read).toThrow(ConfigError);
  try {
    read();
  } catch (error) {
    expect((error as ConfigError).problems).toEqual([
      'PORT: must be a number',
      'MODE: must be open or invite',
      'KEY is not set: choose a secret of 32 characters',
    ]);
    expect(String(error)).not.toContain('canary');
  }
});

// What has a secret's name is hidden, wherever one is likely to log it.
import { expect, test } from 'vitest';
import { createLogger } from './log.ts';

test('Secrets and message text are hidden by name, at the root and two levels below it.', () => {
  const lines: string[] = [];
  const logger = createLogger({ level: 'trace', stream: { write: (line) => lines.push(line) } });
  const secrets = {
    authorization: 'canary',
    token: 'canary',
    accessToken: 'canary',
    refreshToken: 'canary',
    password: 'canary',
    text: 'canary',
    body: { x: 'canary' },
  };
  logger.info(secrets, 'root');
  logger.info({ request: secrets }, 'one below');
  logger.info({ command: { body: { text: 'canary' } }, frame: { data: secrets } }, 'two below');
  logger.info({ req: { method: 'GET', url: '/api/people?q=canary', headers: { authorization: 'canary' } } }, 'a request');
  expect(lines).toHaveLength(4);
  expect(lines.join('')).not.toContain('canary');
  expect(lines[3]).toContain('/api/people');
});

// Which pages may talk to us: exact names, and our own.
import { expect, test } from 'vitest';
import { createOriginCheck } from './origins.ts';

const check = createOriginCheck(['https://app.example.org/', 'http://localhost:5173']);

test.each([
  [undefined, 'chat.example.org', true],
  ['https://app.example.org', 'chat.example.org', true],
  ['HTTPS://APP.example.org', 'chat.example.org', true],
  ['http://localhost:5173', 'chat.example.org', true],
  ['https://chat.example.org', 'chat.example.org', true],
  ['http://127.0.0.1:8080', '127.0.0.1:8080', true],
  ['http://127.0.0.1:8081', '127.0.0.1:8080', false],
  ['http://app.example.org', 'chat.example.org', false],
  ['https://app.example.org.evil.org', 'chat.example.org', false],
  ['https://evil.org', undefined, false],
  ['null', 'null', false],
  ['', '', false],
  ['file://', '', false],
])('Origin %s at host %s: %s.', (origin, host, allowed) => {
  expect(check(origin, host)).toBe(allowed);
});

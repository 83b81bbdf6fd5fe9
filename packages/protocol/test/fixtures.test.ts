// Golden fixtures: what was once written to a log, a database or a phone must be readable for ever. Add to the files; change nothing in them.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { safeParse } from 'zod/mini';
import type { $ZodType } from 'zod/v4/core';
import {
  CommandResult,
  CommittedEvent,
  DraftStateValue,
  decodeRecord,
  encodeRecord,
  MuteStateValue,
  ReadStateValue,
  ROOM_EVENT_TYPES,
  RoomCommand,
  RoomEvent,
  RoomStateValue,
  StateChange,
} from '../src/index.ts';

const read = (name: string): Record<string, Record<string, unknown>> => JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8'));

const FILES: readonly (readonly [name: string, schema: $ZodType])[] = [
  ['room-events', RoomEvent],
  ['room-commands', RoomCommand],
  ['command-results', CommandResult],
  ['committed-events', CommittedEvent],
  ['user-state', StateChange],
];

describe.each(FILES)('fixtures of %s', (name, schema) => {
  test.each(Object.entries(read(name)))('%s is read, and written again the same', (_what, value) => {
    expect(decodeRecord(schema, encodeRecord(value))).toEqual(value);
  });
});

test('every type of event and of change has a fixture, and what holds text has its redacted form', () => {
  const events = Object.values(read('room-events'));
  expect(new Set(events.map((event) => event.type))).toEqual(new Set(ROOM_EVENT_TYPES));
  const redacted = events.filter((event) => (event.body as { text?: unknown }).text === null).map((event) => event.type);
  expect(redacted).toEqual(['message.posted', 'message.edited']);
  const changes = Object.values(read('room-commands')).flatMap((command) => ('change' in command ? [(command.change as { type: string }).type] : []));
  expect(new Set(changes)).toEqual(new Set(ROOM_EVENT_TYPES.filter((type) => type.startsWith('room.') || type.startsWith('member.'))));
  const asked = new Set(Object.values(read('room-commands')).map((command) => command.type));
  expect(asked).toEqual(new Set(['message.post', 'message.edit', 'message.delete', 'reaction.add', 'reaction.remove', 'message.import', 'room.change']));
});

test('values of a person’s state are of their key’s shape', () => {
  const shapes: Record<string, $ZodType> = { room: RoomStateValue, read: ReadStateValue, mute: MuteStateValue, draft: DraftStateValue };
  for (const { key, value } of Object.values(read('user-state'))) {
    const shape = shapes[String(key).split(':')[0] ?? ''];
    if (shape && value !== null) expect(safeParse(shape, value)).toMatchObject({ success: true, data: value });
  }
});

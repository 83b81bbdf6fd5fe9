// A new group or channel: its creator is its owner, the named people are members from the first moment. Pure.
import { type CreateRoom, ParleyError, type RoomChange, type Visibility } from '@parley/protocol';

/** Throws `invalid`. `created` comes first: it is the room's first event. */
export function createRoom(input: CreateRoom, creator: string): readonly RoomChange[] {
  const name = input.name.trim();
  if (name === '') throw new ParleyError('invalid', 'The name must not be blank.');
  const usual: Visibility = input.kind === 'channel' ? 'public' : 'private';
  const visibility = input.visibility ?? usual;
  if (input.kind === 'group' && visibility === 'public') throw new ParleyError('invalid', 'A group is always private: make a channel instead.');
  const others = new Set(input.members ?? []);
  others.delete(creator);
  return [
    { type: 'room.created', body: { kind: input.kind, name, topic: (input.topic ?? '').trim(), visibility, history: input.history ?? 'all' } },
    { type: 'member.joined', body: { user: creator, role: 'owner' } },
    ...[...others].map((user): RoomChange => ({ type: 'member.joined', body: { user, role: 'member' } })),
  ];
}

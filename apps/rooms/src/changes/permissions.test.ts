// Who may do what, as one table: a row per kind of room and action, a column per caller.
import { ParleyError, type Role, type RoomChange } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { addMembers } from './add-members.ts';
import { changeRole } from './change-role.ts';
import { changeRoom } from './change-room.ts';
import { checkMayInvite } from './invitations.ts';
import { joinInvited, joinRoom } from './join-room.ts';
import { leaveRoom } from './leave-room.ts';
import { removeMember } from './remove-member.ts';
import type { Decide, RoomView } from './room-view.ts';

const [owner, secondOwner, admin, otherAdmin, member, other, stranger, fresh] = Array.from(
  { length: 8 },
  (_, index) => `00000000-0000-7000-8000-00000000010${index}`,
) as [string, string, string, string, string, string, string, string];

const people: Record<Role | 'stranger', string> = { owner, admin, member, stranger };
const CALLERS = ['owner', 'admin', 'member', 'stranger'] as const;

const everybody = new Map<string, Role>([
  [owner, 'owner'],
  [secondOwner, 'owner'],
  [admin, 'admin'],
  [otherAdmin, 'admin'],
  [member, 'member'],
  [other, 'member'],
]);

const room = (over: Partial<RoomView>): RoomView => {
  const roles = over.roles ?? everybody;
  const owners = [...roles.values()].filter((role) => role === 'owner').length;
  return {
    id: '00000000-0000-7000-8000-000000000999',
    kind: 'channel',
    name: 'lobby',
    topic: 'all of it',
    visibility: 'public',
    history: 'all',
    archived: false,
    mver: 7,
    members: roles.size,
    owners,
    roles,
    ...over,
  };
};

const ROOMS = {
  public: room({}),
  private: room({ visibility: 'private' }),
  group: room({ kind: 'group', visibility: 'private' }),
  archived: room({ archived: true }),
  direct: room({
    kind: 'direct',
    visibility: 'private',
    name: null,
    roles: new Map<string, Role>([
      [owner, 'member'],
      [admin, 'member'],
      [member, 'member'],
    ]),
  }),
};

const ACTIONS: Record<string, (caller: string) => Decide> = {
  join: joinRoom,
  'join by invitation': joinInvited,
  leave: leaveRoom,
  add: (caller) => addMembers(caller, [fresh]),
  invite: (caller) => (view) => {
    checkMayInvite(view, caller);
    return [];
  },
  'remove a member': (caller) => removeMember(caller, other),
  'remove an admin': (caller) => removeMember(caller, otherAdmin),
  'remove an owner': (caller) => removeMember(caller, secondOwner),
  'remove somebody who is not in': (caller) => removeMember(caller, fresh),
  rename: (caller) => changeRoom(caller, { name: 'new' }),
  topic: (caller) => changeRoom(caller, { topic: 'new' }),
  archive: (caller) => changeRoom(caller, { archived: true }),
  restore: (caller) => changeRoom(caller, { archived: false }),
  'make an admin': (caller) => changeRole(caller, other, 'admin'),
  'demote an owner': (caller) => changeRole(caller, secondOwner, 'member'),
};

// room | action | owner | admin | member | stranger. `-`: nothing to change, and allowed.
const TABLE = `
public   | join                          | already_member | already_member | already_member | member.joined
public   | join by invitation            | already_member | already_member | already_member | member.joined
public   | leave                         | member.left    | member.left    | member.left    | not_member
public   | add                           | member.joined  | member.joined  | forbidden      | not_member
public   | invite                        | -              | -              | forbidden      | not_member
public   | remove a member               | member.removed | member.removed | forbidden      | not_member
public   | remove an admin               | member.removed | member.removed | forbidden      | not_member
public   | remove an owner               | member.removed | forbidden      | forbidden      | not_member
public   | remove somebody who is not in | not_found      | not_found      | forbidden      | not_member
public   | rename                        | room.renamed   | room.renamed   | forbidden      | not_member
public   | topic                         | room.topic_changed | room.topic_changed | forbidden | not_member
public   | archive                       | room.archived  | forbidden      | forbidden      | not_member
public   | restore                       | -              | forbidden      | forbidden      | not_member
public   | make an admin                 | member.role_changed | forbidden | forbidden      | not_member
public   | demote an owner               | member.role_changed | forbidden | forbidden      | not_member
private  | join                          | already_member | already_member | already_member | not_found
private  | join by invitation            | already_member | already_member | already_member | member.joined
private  | leave                         | member.left    | member.left    | member.left    | not_found
private  | add                           | member.joined  | member.joined  | forbidden      | not_found
private  | invite                        | -              | -              | forbidden      | not_found
private  | remove a member               | member.removed | member.removed | forbidden      | not_found
private  | rename                        | room.renamed   | room.renamed   | forbidden      | not_found
private  | archive                       | room.archived  | forbidden      | forbidden      | not_found
private  | make an admin                 | member.role_changed | forbidden | forbidden      | not_found
group    | join                          | already_member | already_member | already_member | not_found
group    | join by invitation            | already_member | already_member | already_member | member.joined
group    | leave                         | member.left    | member.left    | member.left    | not_found
group    | add                           | member.joined  | member.joined  | member.joined  | not_found
group    | invite                        | -              | -              | -              | not_found
group    | remove a member               | member.removed | member.removed | forbidden      | not_found
group    | remove an owner               | member.removed | forbidden      | forbidden      | not_found
group    | rename                        | room.renamed   | room.renamed   | room.renamed   | not_found
group    | topic                         | room.topic_changed | room.topic_changed | room.topic_changed | not_found
group    | archive                       | room.archived  | forbidden      | forbidden      | not_found
group    | make an admin                 | member.role_changed | forbidden | forbidden      | not_found
archived | join                          | already_member | already_member | already_member | room_archived
archived | join by invitation            | already_member | already_member | already_member | room_archived
archived | leave                         | member.left    | member.left    | member.left    | not_member
archived | add                           | room_archived  | room_archived  | forbidden      | not_member
archived | rename                        | room_archived  | room_archived  | forbidden      | not_member
archived | archive                       | -              | forbidden      | forbidden      | not_member
archived | restore                       | room.restored  | forbidden      | forbidden      | not_member
archived | make an admin                 | room_archived  | forbidden      | forbidden      | not_member
direct   | join                          | direct_room    | direct_room    | direct_room    | not_found
direct   | leave                         | direct_room    | direct_room    | direct_room    | not_found
direct   | add                           | direct_room    | direct_room    | direct_room    | not_found
direct   | invite                        | direct_room    | direct_room    | direct_room    | not_found
direct   | remove a member               | direct_room    | direct_room    | direct_room    | not_found
direct   | rename                        | direct_room    | direct_room    | direct_room    | not_found
direct   | archive                       | direct_room    | direct_room    | direct_room    | not_found
direct   | make an admin                 | direct_room    | direct_room    | direct_room    | not_found`;

const rows = TABLE.trim()
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()));

/** The types of the changes, or the code of the refusal. */
function outcome(decide: Decide, view: RoomView): string {
  try {
    return (
      decide(view)
        .map((change) => change.type)
        .join(' ') || '-'
    );
  } catch (error) {
    if (error instanceof ParleyError) return error.code;
    throw error;
  }
}

const refusal = (decide: Decide, view: RoomView): unknown => {
  try {
    return decide(view);
  } catch (error) {
    return (error as ParleyError).toBody();
  }
};

describe('who may do what', () => {
  for (const [kind = '', action = '', ...expected] of rows) {
    it(`in a room that is ${kind}: ${action}`, () => {
      const view = ROOMS[kind as keyof typeof ROOMS];
      const got = CALLERS.map((caller) => outcome((ACTIONS[action] as (caller: string) => Decide)(people[caller]), view));
      expect(got).toEqual(expected);
    });
  }

  it('refuses a stranger of a private room in the same words whatever they try', () => {
    const tries = Object.entries(ACTIONS).filter(([name]) => name !== 'join by invitation');
    const bodies = tries.map(([, act]) => refusal(act(stranger), ROOMS.private));
    for (const body of bodies) expect(body).toEqual({ code: 'not_found', message: 'There is no such room.' });
  });
});

describe('the last owner', () => {
  const lonely = room({
    roles: new Map<string, Role>([
      [owner, 'owner'],
      [member, 'member'],
    ]),
  });
  const alone = room({ roles: new Map<string, Role>([[owner, 'owner']]) });

  it('can neither leave, nor remove themselves, nor be demoted while others are in', () => {
    for (const decide of [leaveRoom(owner), removeMember(owner, owner), changeRole(owner, owner, 'member')]) expect(outcome(decide, lonely)).toBe('last_owner');
  });

  it('archives the room behind them when nobody else is in', () => {
    expect(outcome(leaveRoom(owner), alone)).toBe('room.archived member.left');
    expect(outcome(leaveRoom(owner), { ...alone, archived: true })).toBe('member.left');
    expect(outcome(changeRole(owner, owner, 'admin'), alone)).toBe('last_owner');
  });
});

describe('what changes nothing', () => {
  const none: readonly RoomChange[] = [];
  it('makes no change', () => {
    expect(changeRoom(owner, { name: ' lobby ', topic: 'all of it', archived: false })(ROOMS.public)).toEqual(none);
    expect(changeRole(owner, admin, 'admin')(ROOMS.public)).toEqual(none);
    expect(addMembers(owner, [admin, member])(ROOMS.public)).toEqual(none);
  });

  it('passes over those who are in and adds the others once', () => {
    expect(addMembers(owner, [admin, fresh, fresh])(ROOMS.public)).toEqual([{ type: 'member.joined', body: { user: fresh, role: 'member' } }]);
  });
});

describe('several fields', () => {
  it('become changes in the order name, topic, archived', () => {
    expect(outcome(changeRoom(owner, { archived: true, topic: 't', name: 'n' }), ROOMS.public)).toBe('room.renamed room.topic_changed room.archived');
  });
  it('are refused together when one is refused', () => {
    expect(outcome(changeRoom(admin, { name: 'n', archived: true }), ROOMS.public)).toBe('forbidden');
    expect(outcome(changeRoom(owner, { name: '   ' }), ROOMS.public)).toBe('invalid');
  });
});

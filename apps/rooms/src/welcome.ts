// #welcome: what the first account finds. Its ids are derived from the owner, so that a repeated record makes the same room.
import { type RoomCommand, WELCOME_BOT } from '@parley/protocol';
import { idFrom } from '@parley/runtime';
import type { WelcomeRoom } from './store/store-account-events.ts';

const TEXTS = [
  'Welcome to Parley! This is **#welcome**, where everybody starts. Say hello. What you write is kept once and in order, even when your connection breaks while you send it.',
  'Press **Ctrl K** (or **⌘ K**) to jump to any room or person. The **+** beside the rooms makes a channel that everybody can find, or a private group. To write to one person, open a direct message.',
  'You can edit, delete, reply and react by resting on a message. Write `**bold**`, `_italic_` or `` `code` ``. To build on Parley, see /api/docs at this address.',
];

/** The room of the installation's owner. `time`: when the account was made. */
export function welcomeRoom(owner: string, time: number): WelcomeRoom {
  const id = idFrom('parley:welcome', owner);
  return {
    id,
    owner,
    time,
    changes: [
      { type: 'room.created', body: { kind: 'channel', name: 'welcome', topic: 'Say hello', visibility: 'public', history: 'all' } },
      { type: 'member.joined', body: { user: owner, role: 'owner' } },
    ],
    messages: TEXTS.map(
      (text, index): RoomCommand => ({
        v: 1,
        type: 'message.import',
        room: id,
        clientId: idFrom('parley:welcome', id, String(index)),
        author: WELCOME_BOT,
        time,
        body: { text, replyTo: null },
      }),
    ),
  };
}

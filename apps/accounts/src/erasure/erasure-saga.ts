// The erasure of a person, step by step. It only goes forward: who asked for it cannot sign in any more, and half an erasure helps nobody.
// Rooms come first, because leaving is what keeps later messages of theirs out; messages before media, whose files they name.
import { type Contract, eraseFromMedia, eraseFromMessages, eraseFromNotifications, eraseFromRooms, type RequestOf, type ResponseOf } from '@parley/protocol';
import type { InternalClient, Saga, SagaKind, SagaStep } from '@parley/runtime';

export const ERASURE = 'account.erase';
export const ERASURE_FIRST_STEP = 'rooms';
/** Longer than this and the operator is told; the erasure goes on. */
export const ERASURE_DEADLINE_MS = 10 * 60_000;

type EraseContract = typeof eraseFromRooms & Contract;

const subjectOf = (saga: Saga): { user: string; saga: string } => ({ user: String(saga.data.user), saga: saga.id });

const callStep = (internal: InternalClient, name: string, contract: EraseContract): SagaStep => ({
  name,
  async run(saga) {
    const request: RequestOf<EraseContract> = subjectOf(saga);
    const { done }: ResponseOf<EraseContract> = await internal.call(contract, request);
    return { status: done ? 'done' : 'again' };
  },
});

/** `forget`: what accounts itself still has of the person. */
export const erasureSaga = (internal: InternalClient, forget: (user: string) => Promise<void>): SagaKind => ({
  kind: ERASURE,
  steps: [
    callStep(internal, ERASURE_FIRST_STEP, eraseFromRooms),
    callStep(internal, 'messages', eraseFromMessages),
    callStep(internal, 'media', eraseFromMedia),
    callStep(internal, 'notifications', eraseFromNotifications),
    {
      name: 'accounts',
      async run(saga) {
        await forget(subjectOf(saga).user);
        return { status: 'done' };
      },
    },
  ],
});

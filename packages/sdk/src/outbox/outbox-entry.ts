// One command in the outbox: what is known of it, and the part of that which is stored.
import type { CommandResult, ErrorBody, MemberCommand, ParleyError } from '@parley/protocol';
import type { OutboxEntry } from '../api.ts';

export const OUTBOX_PREFIX = 'outbox:';

export interface Entry {
  clientId: string;
  command: MemberCommand;
  state: OutboxEntry['state'];
  error: ErrorBody | null;
  createdAt: number;
  /** Place in the order of sending. */
  order: number;
  /** Rejected, that is decided: a new try needs a new client id. */
  rejected: boolean;
  attempt: number;
  /** Some try may have been taken by the server. */
  maybe: boolean;
  doubts: number;
  stored: boolean;
  due: boolean;
  settle: { resolve(result: CommandResult): void; reject(error: ParleyError): void } | null;
  cancelWait: () => void;
}

export type StoredEntry = Pick<Entry, 'clientId' | 'command' | 'state' | 'error' | 'createdAt' | 'order' | 'rejected'>;

export const toStored = ({ clientId, command, state, error, createdAt, order, rejected }: Entry): StoredEntry => ({
  clientId,
  command,
  state,
  error,
  createdAt,
  order,
  rejected,
});

export const toShown = ({ clientId, command, state, error, createdAt }: Entry): OutboxEntry => ({ clientId, command, state, error, createdAt });

export const newEntry = (command: MemberCommand, createdAt: number, order: number, settle: Entry['settle']): Entry => ({
  clientId: command.clientId,
  command,
  state: 'sending',
  error: null,
  createdAt,
  order,
  rejected: false,
  attempt: 0,
  maybe: false,
  doubts: 0,
  stored: false,
  due: true,
  settle,
  cancelWait: () => {},
});

/** An entry that an earlier process left: before it was stored here it may have been sent. */
export const fromStored = (kept: StoredEntry): Entry => {
  const failed = kept.state === 'failed';
  return {
    ...newEntry(kept.command, kept.createdAt, kept.order, null),
    state: failed ? 'failed' : 'sending',
    error: kept.error,
    rejected: kept.rejected,
    maybe: true,
    stored: true,
    due: !failed,
  };
};

// One socket's place in one room: detached -> catching -> live. Only the hub changes it.
import type { Session } from '../session.ts';
import type { Hub } from './hub.ts';

export interface Seat {
  readonly session: Session;
  readonly hub: Hub;
  /** `left`: the seat is given up for good; a later seat of the same socket is another one. */
  state: 'catching' | 'live' | 'left';
  /** While catching: everything up to and with this seq was written, or is not the socket's to see. */
  pos: number;
  /** The membership that this seat stands on began here: a removal before it is of an earlier one. */
  joinSeq: number;
  /** The right was read when the room was at this seq. */
  rightAt: number;
  /** A catch-up loop is running. */
  busy: boolean;
}

// The gateway without a network.
import type { AccessClaims, SessionEvent } from '@parley/protocol';

/** The part of runtime's Revocations that the gateway needs. */
export interface CoreRevocations {
  isRevoked(claims: AccessClaims): boolean;
  /** Answers its own undo. */
  onRevoked(listener: (event: SessionEvent) => void): () => void;
}

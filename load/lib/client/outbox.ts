// What one person has said and has not seen the result of. As the protocol asks: sent again with the same id after a new connection, and while there
// is no answer; never twice in the room. No k6 and no Node in here.

export interface Said<T> {
  readonly clientId: string;
  readonly command: T;
  readonly saidAt: number;
  /** When it was last handed to a socket, and how often it was. */
  sentAt: number;
  attempts: number;
  /** Parley said that it is durable. */
  accepted: boolean;
  /** The last attempt was answered with a refusal, and counted. */
  refused: boolean;
}

/** Seqs of own commands that are done: enough to see one come again under another seq. */
const REMEMBER = 500;

export class Outbox<T> {
  private readonly waiting = new Map<string, Said<T>>();
  private readonly done = new Map<string, number>();

  add(clientId: string, command: T, now: number): Said<T> {
    const said = { clientId, command, saidAt: now, sentAt: now, attempts: 0, accepted: false, refused: false };
    this.waiting.set(clientId, said);
    return said;
  }

  /** It is committed at `seq`. `doubled`: it was committed at another seq before. `false`: known already, or not ours. */
  committed(clientId: string, seq: number): 'first' | 'doubled' | false {
    const before = this.done.get(clientId);
    if (before !== undefined) return before === seq ? false : 'doubled';
    if (!this.waiting.delete(clientId)) return false;
    this.done.set(clientId, seq);
    const [oldest] = this.done.keys();
    if (this.done.size > REMEMBER && oldest !== undefined) this.done.delete(oldest);
    return 'first';
  }

  /** It will never be in the room. */
  drop(clientId: string): boolean {
    return this.waiting.delete(clientId);
  }

  /** To be sent again: handed to a socket before `before`. */
  due(before: number): Said<T>[] {
    return [...this.waiting.values()].filter((said) => said.sentAt < before);
  }

  get size(): number {
    return this.waiting.size;
  }

  /** How many were called durable and have no result, and how many have no answer at all. */
  left(): { accepted: number; unanswered: number } {
    let accepted = 0;
    for (const said of this.waiting.values()) if (said.accepted) accepted++;
    return { accepted, unanswered: this.waiting.size - accepted };
  }
}

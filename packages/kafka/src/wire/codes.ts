// The few of Kafka's error codes that mean something to us, and how to find them in what the library throws.

export const OFFSET_OUT_OF_RANGE = 1;
export const UNKNOWN_TOPIC = 3;
export const NOT_COORDINATOR = 16;
export const ILLEGAL_GENERATION = 22;
export const UNKNOWN_MEMBER = 25;
export const REBALANCING = 27;
export const TOPIC_EXISTS = 36;
export const MEMBER_ID_REQUIRED = 79;

interface Nested {
  readonly apiCode?: unknown;
  readonly errors?: unknown;
}

/** Every error code that Kafka answered; none: it did not answer. */
export function codesOf(error: unknown): readonly number[] {
  const { apiCode, errors } = (error ?? {}) as Nested;
  const own = typeof apiCode === 'number' ? [apiCode] : [];
  return Array.isArray(errors) ? [...own, ...errors.flatMap(codesOf)] : own;
}

/** The answer that an error came with: the library throws also when only one partition of many was refused. */
export function answerOf<T>(error: unknown): T | null {
  return (error as { response?: T } | null)?.response ?? null;
}

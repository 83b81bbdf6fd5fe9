// What services see of tracing: spans of messages that somebody follows. A message that nobody follows costs one comparison and no object.

/**
 * Everything that a span may say. There is no field for text, names or tokens, and there must never be one: what is here leaves the
 * installation for whoever reads traces.
 */
export interface SpanAttributes {
  readonly room?: string;
  readonly seq?: number;
  readonly clientId?: string;
  /** Of the gateway's workers. */
  readonly worker?: string;
  readonly partition?: number;
  readonly topic?: string;
  /** Commands, or events, that were handled together. */
  readonly batch?: number;
  /** How many sockets got it, how many did not take it now, and (up to 1,000) which and whose. */
  readonly sockets?: number;
  readonly behind?: number;
  readonly socketIds?: readonly string[];
  readonly users?: readonly string[];
  /** How many are to be told. */
  readonly jobs?: number;
  readonly attempt?: number;
  readonly device?: string;
  readonly user?: string;
  /** What came of it: a word of ours, such as a code of the error table. */
  readonly outcome?: string;
}

export interface Span {
  /** For who goes on with the trace; undefined: nobody follows it. */
  readonly traceparent: string | undefined;
  set(attributes: SpanAttributes): void;
  /** `error`: what went wrong, as a code. Only the first call counts. */
  end(error?: string): void;
}

/** A span of a browser, as it came. */
export interface ForeignSpan {
  readonly name: string;
  readonly traceparent: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: SpanAttributes;
  readonly error?: string;
}

export interface Tracing {
  /** Which part of all messages is followed without anybody asking. */
  readonly ratio: number;
  /** Goes on with `parent`; without one, or with one that is not sampled, it is NO_SPAN. */
  span(name: string, parent: string | undefined, attributes?: SpanAttributes): Span;
  /** Begins a trace. */
  root(name: string, attributes?: SpanAttributes): Span;
  /** Should this message be followed, though nobody asked? */
  sample(): boolean;
  /** Passes on spans that were made elsewhere. */
  take(spans: readonly ForeignSpan[]): void;
  /** Hands on what is ended. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Of a message that nobody follows. */
export const NO_SPAN: Span = { traceparent: undefined, set() {}, end() {} };

/** Follows nothing. */
export const NO_TRACING: Tracing = {
  ratio: 0,
  span: () => NO_SPAN,
  root: () => NO_SPAN,
  sample: () => false,
  take() {},
  async flush() {},
  async close() {},
};

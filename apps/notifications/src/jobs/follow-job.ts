// A job whose message somebody follows: its payload names the trace, the job is a span of it, and what it sets off goes on with that span.
import type { JobAttempt } from '@parley/ports';
import { isTraceparent } from '@parley/protocol';
import { NO_SPAN, type SpanAttributes, type Tracing, withTrace } from '@parley/runtime';

/** Says something of the job's span. */
export type Note = (attributes: SpanAttributes) => void;

/** While `handle` runs for a followed job, `currentTrace()` is its span. */
export const followJob =
  (tracing: Tracing, name: string, handle: (job: JobAttempt, note: Note) => Promise<void>) =>
  async (job: JobAttempt): Promise<void> => {
    const { trace } = job.payload as { trace?: unknown };
    const span = isTraceparent(trace) ? tracing.span(name, trace, { attempt: job.attempt }) : NO_SPAN;
    if (span === NO_SPAN) return handle(job, span.set);
    try {
      await withTrace(span.traceparent, () => handle(job, span.set));
      span.end();
    } catch (error) {
      span.end('failed');
      throw error;
    }
  };

// The text of a message. Plain words are shown as they are; the Markdown parser is loaded and run only for what needs it.
import { lazy, type ReactNode, Suspense } from 'react';
import { needsMarkdown, splitMentions } from '../model/message-text.ts';
import { useClient } from '../state/client.tsx';

const load = () => import('./markdown.tsx');
const Markdown = lazy(() => load().then((module) => ({ default: module.Markdown })));

/** Called when the page is idle, so that the first message with Markdown does not wait. */
export const preloadMarkdown = (): void => void load().catch(() => {});

export function Mention({ handle, children }: { handle: string; children: ReactNode }) {
  const mine = useClient((state) => state.me?.user.handle.toLowerCase() === handle);
  return <span className={`mention${mine ? ' me-mentioned' : ''}`}>{children}</span>;
}

export function Plain({ text }: { text: string }) {
  let at = 0;
  return splitMentions(text).map((part) => {
    at += part.text.length;
    if (part.mention === null) return part.text;
    return (
      <Mention key={at} handle={part.mention}>
        {part.text}
      </Mention>
    );
  });
}

interface MessageWordsProps {
  readonly text: string;
  /** Not committed yet. */
  readonly waiting: boolean;
  /** What stands behind the last word. */
  readonly children: ReactNode;
}

export function MessageWords({ text, waiting, children }: MessageWordsProps) {
  const className = `words${waiting ? ' waiting' : ''}`;
  const plain = (
    <div className={`${className} words-plain`} dir="auto">
      <Plain text={text} />
      {children}
    </div>
  );
  if (!needsMarkdown(text)) return plain;
  return (
    <Suspense fallback={plain}>
      <div className={className} dir="auto">
        <Markdown text={text} />
        {children}
      </div>
    </Suspense>
  );
}

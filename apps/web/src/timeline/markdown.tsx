// Markdown of a message: links, code, quotes, lists, tables. Raw HTML stays text; pictures from elsewhere stay links. Loaded when needed.
import type { Element, ElementContent, Root, RootContent } from 'hast';
import { Check, Copy } from 'lucide-react';
import { type ComponentProps, memo, useRef, useState } from 'react';
import ReactMarkdown, { type Components } from 'react-markdown';
import remarkGfm from 'remark-gfm';
import { splitMentions } from '../model/message-text.ts';
import { go } from '../state/router.ts';
import { IconButton } from '../ui/icon-button.tsx';
import { sayProblem } from '../ui/toasts.tsx';
import { Mention } from './message-words.tsx';

/** @mentions in text become marked; code and links are left as they are. */
function markMentions() {
  const visit = (node: Root | Element): void => {
    node.children = (node.children as RootContent[]).flatMap((child): RootContent[] => {
      if (child.type === 'text' && child.value.includes('@')) {
        return splitMentions(child.value).map((part): ElementContent => {
          const text = { type: 'text' as const, value: part.text };
          if (part.mention === null) return text;
          return { type: 'element', tagName: 'mark', properties: { title: part.mention }, children: [text] };
        });
      }
      if (child.type === 'element' && child.tagName !== 'code' && child.tagName !== 'a') visit(child);
      return [child];
    }) as Element['children'];
  };
  return (tree: Root) => visit(tree);
}

function CodeBlock({ children }: ComponentProps<'pre'>) {
  const ref = useRef<HTMLPreElement>(null);
  const [copied, setCopied] = useState(false);
  const copy = () => navigator.clipboard.writeText(ref.current?.textContent ?? '').then(() => setCopied(true), sayProblem);
  return (
    <div className="code-block">
      <pre ref={ref}>{children}</pre>
      <IconButton label={copied ? 'Copied' : 'Copy code'} icon={copied ? Check : Copy} tabIndex={-1} onClick={copy} />
    </div>
  );
}

function Link({ href, children }: ComponentProps<'a'>) {
  const inside = href?.startsWith(`${location.origin}/`) === true;
  if (!inside)
    return (
      <a href={href} target="_blank" rel="noopener noreferrer nofollow">
        {children}
      </a>
    );
  return (
    <a
      href={href}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        go(new URL(href).pathname);
      }}
    >
      {children}
    </a>
  );
}

const COMPONENTS: Components = {
  a: ({ href, children }) => <Link href={href}>{children}</Link>,
  img: ({ src, alt }) => <Link href={typeof src === 'string' ? src : undefined}>{alt === '' ? src : alt}</Link>,
  pre: ({ children }) => <CodeBlock>{children}</CodeBlock>,
  mark: ({ title, children }) => <Mention handle={title ?? ''}>{children}</Mention>,
};
const REMARK = [remarkGfm];
const REHYPE = [markMentions];

export const Markdown = memo(({ text }: { text: string }) => (
  <ReactMarkdown remarkPlugins={REMARK} rehypePlugins={REHYPE} components={COMPONENTS}>
    {text}
  </ReactMarkdown>
));

// Markdown of a message: links, code, quotes, lists, tables. Raw HTML stays text; pictures from elsewhere stay links. Loaded when needed.
import { Check, Copy } from 'lucide-react';
import { type ComponentProps, memo, useRef, useState } from 'react';
import ReactMarkdown, { type Components } from 'react-markdown';
import remarkGfm from 'remark-gfm';
import { splitMentions } from '../model/message-text.ts';
import { go } from '../state/router.ts';
import { IconButton } from '../ui/icon-button.tsx';
import { sayProblem } from '../ui/toasts.tsx';
import { Mention, Plain } from './message-words.tsx';

/** As much of a HTML tree's node as is looked at here. */
interface Node {
  type: string;
  tagName?: string;
  value?: string;
  properties?: Record<string, unknown>;
  children?: Node[];
}

function mentionsOf(text: string): Node[] {
  return splitMentions(text).map((part) => {
    const node: Node = { type: 'text', value: part.text };
    return part.mention === null ? node : { type: 'element', tagName: 'mark', properties: { title: part.mention }, children: [node] };
  });
}

/** @mentions in text become marked; code and links are left as they are. */
function markMentions() {
  const visit = (node: Node): void => {
    if (node.children === undefined) return;
    node.children = node.children.flatMap((child) => {
      if (child.type === 'text' && child.value?.includes('@') === true) return mentionsOf(child.value);
      if (child.tagName !== 'code' && child.tagName !== 'a') visit(child);
      return [child];
    });
  };
  return (tree: Node) => visit(tree);
}

/** Nobody nests this deep; thousands of levels would exhaust the stack here and the layout in the browser. */
const LEVELS = 24;

function refuseDeepNesting() {
  return (tree: Node) => {
    let level: Node[] = [tree];
    for (let depth = 0; level.length > 0; depth++) {
      if (depth > LEVELS) throw new RangeError('Markdown nested too deeply');
      level = level.flatMap((node) => node.children ?? []);
    }
  };
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
  // An address that may not be opened (javascript: and the like) comes as an empty one.
  if (href === undefined || href === '') return children;
  const inside = href.startsWith(`${location.origin}/`);
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
const REMARK = [remarkGfm, refuseDeepNesting];
const REHYPE = [markMentions];

export const Markdown = memo(({ text }: { text: string }) => {
  try {
    // Called, not rendered: what it throws must not take the page down. The text is then shown as it was written.
    return ReactMarkdown({ remarkPlugins: REMARK, rehypePlugins: REHYPE, components: COMPONENTS, children: text });
  } catch {
    return (
      <span className="words-plain">
        <Plain text={text} />
      </span>
    );
  }
});

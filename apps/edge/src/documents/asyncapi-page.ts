// The AsyncAPI document as a plain page: no scripts, one stylesheet, readable without either.
import type { AsyncApi } from './asyncapi.ts';

export const PAGE_STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
summary { cursor: pointer; padding: 0.25rem 0; font-family: ui-monospace, monospace; }
pre { overflow-x: auto; padding: 1rem; border: 1px solid #8884; border-radius: 0.5rem; font-size: 0.85rem; }
`;

const escapeHtml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const withCode = (text: string): string => escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>');
const section = (title: string, schema: object): string =>
  `<details><summary>${escapeHtml(title)}</summary><pre>${escapeHtml(JSON.stringify(schema, null, 2))}</pre></details>`;

/** The whole document, each schema folded under its name. */
export function asyncApiPage({ info, components }: AsyncApi): string {
  const messages = Object.values(components.messages).map((message) => section(message.summary, message.payload));
  const schemas = Object.entries(components.schemas).map(([name, schema]) => section(name, schema));
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(info.title)}</title><link rel="stylesheet" href="/api/asyncapi.css"></head><body>
<h1>${escapeHtml(info.title)}, version ${info.version}</h1><p>${withCode(info.description)}</p>
<p>As a document: <a href="/api/asyncapi.json">/api/asyncapi.json</a>. The HTTP side: <a href="/api/docs">/api/docs</a>.</p>
<h2>Frames</h2>${messages.join('\n')}<h2>Bodies of events, and other schemas</h2>${schemas.join('\n')}</body></html>`;
}

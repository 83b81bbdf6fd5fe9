// The pages behind the links in letters. They need no session and no script; what changes something for good asks once, by a form.
import { ParleyError } from '@parley/protocol';
import { type HttpApp, zodRoutes } from '@parley/runtime';
import * as z from 'zod/mini';
import { escapeHtml } from '../channels/letters.ts';
import type { Links } from '../links.ts';

const Token = z.object({ token: z.string().check(z.maxLength(1_000)) });
const tags = ['notifications'];

const page = (words: string, more = ''): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Parley</title><h1>Parley</h1><p>${escapeHtml(words)}</p>${more}</html>`;
const refused = (): ParleyError => new ParleyError('invalid', 'This link is not valid any more.');
const HTML = 'text/html; charset=utf-8';

export function addLinkRoutes(app: HttpApp, links: () => Links): void {
  // In a scope of its own: only here is a form taken (the button below, and RFC 8058's one click of mail programs).
  void app.register(async (scope) => {
    scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string', bodyLimit: 1_000 }, (_request, _body, done) => done(null, undefined));
    const routes = zodRoutes(scope);
    routes.get('/api/notifications/confirm', { schema: { tags, summary: 'Confirm an address for letters', querystring: Token } }, async (request, reply) => {
      if (!(await links().confirm(request.query.token))) throw refused();
      return reply.type(HTML).send(page('Your address is confirmed: letters about unread messages come here.'));
    });
    routes.get(
      '/api/notifications/unsubscribe',
      { schema: { tags, summary: 'Ask whether letters should end', querystring: Token } },
      async (request, reply) => {
        if (!links().unsubscribes(request.query.token)) throw refused();
        return reply.type(HTML).send(page('No more letters about unread messages?', '<form method="post"><button>No more letters</button></form>'));
      },
    );
    routes.post('/api/notifications/unsubscribe', { schema: { tags, summary: 'End letters', querystring: Token } }, async (request, reply) => {
      if (!(await links().unsubscribe(request.query.token))) throw refused();
      return reply.type(HTML).send(page('There will be no more letters. You can switch them on again in the settings.'));
    });
  });
}

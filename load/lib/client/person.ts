// One person's session in a VU: the token that their sockets sign in with, kept fresh, and the few questions that a client asks over HTTP while it
// runs. Nothing here blocks: a VU that waits for HTTP would hold up all its sockets.
import http from 'k6/http';
import type { LoadPerson } from '../people.ts';

/** A token is renewed this long before its end. */
const EARLY_MS = 90_000;

export class Person {
  readonly user: string;
  private readonly url: string;
  private tokens: LoadPerson;
  private refreshing: Promise<string> | null = null;

  constructor(url: string, tokens: LoadPerson) {
    this.url = url;
    this.user = tokens.user;
    this.tokens = tokens;
  }

  /** Does the token end soon? */
  get stale(): boolean {
    return Date.now() > this.tokens.expiresAt - EARLY_MS;
  }

  /** A token that is good for a while; one request for all who ask at once. Rejects when Parley does not answer. */
  async token(): Promise<string> {
    if (!this.stale) return this.tokens.token;
    this.refreshing ??= this.refresh().finally(() => {
      this.refreshing = null;
    });
    return await this.refreshing;
  }

  private async refresh(): Promise<string> {
    const body = JSON.stringify({ refreshToken: this.tokens.refreshToken });
    const params = { headers: { 'content-type': 'application/json' }, tags: { name: '/api/accounts/refresh' } };
    const response = await http.asyncRequest('POST', `${this.url}/api/accounts/refresh`, body, params);
    if (response.status !== 200) throw new Error(`refresh answered ${response.status}`);
    const fresh = response.json() as unknown as { accessToken: string; refreshToken: string; accessExpiresAt: number };
    this.tokens = { user: this.user, token: fresh.accessToken, refreshToken: fresh.refreshToken, expiresAt: fresh.accessExpiresAt };
    return fresh.accessToken;
  }

  /** Which gateway to go to, another than `not` where there is one. */
  async where(not: string | null): Promise<string> {
    const query = not === null ? '' : `?not=${encodeURIComponent(not)}`;
    const response = await http.asyncRequest('GET', `${this.url}/api/connect${query}`, null, { tags: { name: '/api/connect' } });
    const to = response.status === 200 ? (response.json() as unknown as { url: string }).url : '/';
    return to.startsWith('http') ? to.replace(/\/$/, '') : this.url;
  }

  /** Asks as this person; null when it is not answered with 200. */
  async get<T>(path: string, name: string): Promise<T | null> {
    const headers = { authorization: `Bearer ${await this.token()}` };
    const response = await http.asyncRequest('GET', `${this.url}${path}`, null, { headers, tags: { name } });
    return response.status === 200 ? (response.json() as unknown as T) : null;
  }
}

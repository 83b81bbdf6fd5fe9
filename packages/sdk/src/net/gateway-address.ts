// Where the socket is: the server says so before each try, because the gateway of the last time may be gone, and so that many who come back
// at once are spread. A server that cannot say is no reason not to try the last address, and one that carries the socket itself is asked
// again only when that did not work: else everybody who comes back to it in a storm would come twice.
import type { Http } from './http.ts';

const ANSWER_MS = 3_000;

/** `url`: the server's own address, which carries the socket itself where it says '/'. `again`: the last try got no answer where it went. */
export function createGatewayAddress({ url, http }: { readonly url: string; readonly http: Pick<Http, 'open'> }): (again: boolean) => Promise<string> {
  let last = url;
  let isItself = false;
  return async (again) => {
    if (isItself && !again) return url;
    try {
      // Whoever comes back names where they were: a gateway that died is known to be gone only a moment later.
      const query = last === url ? '' : `?not=${encodeURIComponent(last)}`;
      const said = (await http.open<{ url?: unknown }>(`/api/connect${query}`, { timeoutMs: ANSWER_MS })).url;
      isItself = said === '/';
      if (typeof said === 'string') last = isItself ? url : said;
    } catch {
      // Not now; the next try asks again.
    }
    return last;
  };
}

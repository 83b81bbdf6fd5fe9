// A database's address as a URL and as a connection: `postgres://user:password@host:port/database`, or `?host=/folder` for a unix socket.
import type { PgConnection } from '@parley/postgres';

const DEFAULT_PORT = 5432;

/** Throws RangeError when it is not a Postgres address. It may hold a password: the error does not repeat it. */
export function connectionOf(url: string): PgConnection {
  const parsed = URL.parse(url);
  if (parsed === null || !/^postgres(ql)?:$/.test(parsed.protocol))
    throw new RangeError('This is not a Postgres address (postgres://user:password@host:5432/database).');
  const { hostname, username, password, pathname, searchParams } = parsed;
  return {
    host: searchParams.get('host') ?? hostname.replace(/^\[|\]$/g, ''),
    port: Number(searchParams.get('port') ?? parsed.port) || DEFAULT_PORT,
    user: decodeURIComponent(username),
    ...(password !== '' && { password: decodeURIComponent(password) }),
    database: decodeURIComponent(pathname.slice(1)) || 'postgres',
  };
}

export function urlOf({ host, port, user, password, database }: PgConnection): string {
  const who = `${encodeURIComponent(user)}${password === undefined ? '' : `:${encodeURIComponent(password)}`}`;
  if (host.startsWith('/')) return `postgres://${who}@localhost:${port}/${encodeURIComponent(database)}?host=${encodeURIComponent(host)}`;
  return `postgres://${who}@${host.includes(':') ? `[${host}]` : host}:${port}/${encodeURIComponent(database)}`;
}

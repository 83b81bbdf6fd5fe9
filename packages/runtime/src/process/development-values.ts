// Secrets that everybody can read in this repository or guess. With NODE_ENV=production nothing starts with one of them.

/** The key of services that run on one developer's machine. */
export const DEVELOPMENT_INTERNAL_KEY = 'development-only-internal-key-of-parley';

const WELL_KNOWN = new Set(['guest', 'postgres', 'parley', 'password', 'secret', 'admin', 'changeme', 'minioadmin']);
const SECRET_NAME = /_KEY$|_SECRET$|_PASSWORD$|_SECRET_ACCESS_KEY$/;

const isDevelopmentSecret = (secret: string): boolean => /development/i.test(secret) || WELL_KNOWN.has(secret.toLowerCase());

function passwordOf(value: string): string {
  const url = URL.parse(value);
  if (url === null || url.password === '') return '';
  try {
    return decodeURIComponent(url.password);
  } catch {
    return url.password;
  }
}

/** What is wrong with these settings in production, by name and without the values; [] elsewhere. */
export function developmentProblems(env: Readonly<Record<string, string | undefined>>, names: readonly string[]): string[] {
  if (env.NODE_ENV !== 'production') return [];
  return names.flatMap((name) => {
    const value = env[name] ?? '';
    const secret = SECRET_NAME.test(name) ? value : passwordOf(value);
    return secret !== '' && isDevelopmentSecret(secret) ? [`${name}: it holds a secret meant for development; NODE_ENV=production needs one of its own.`] : [];
  });
}

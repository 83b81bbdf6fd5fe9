// Which address to listen on (design.md, first contact): a fresh installation must not be reachable from outside by accident.

export interface ListenDecision {
  readonly host: string;
  /** The first account must know the code printed in the console. */
  readonly needsSetupCode: boolean;
  /** What the start line says about it; null when there is nothing to say. */
  readonly note: string | null;
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);
export const isLoopback = (host: string): boolean => LOOPBACK.has(host) || host.startsWith('127.');

export function listenHost(host: string | undefined, hasOwner: boolean): ListenDecision {
  if (host !== undefined) return { host, needsSetupCode: !hasOwner && !isLoopback(host), note: null };
  if (!hasOwner)
    return { host: '127.0.0.1', needsSetupCode: false, note: 'Only this machine can reach it until the first account is made and Parley is started again.' };
  return { host: '0.0.0.0', needsSetupCode: false, note: 'Other machines can reach it too; HOST=127.0.0.1 keeps it to this one.' };
}

// Postgres refuses to run as root. As root it is started as an ordinary user who keeps one capability (to pass folders that only root may
// enter), or, where that is forbidden, as itself in a user namespace. Never touches /etc/passwd and needs no user made for it.
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';

export interface RunAs {
  /** Put before the command. */
  readonly prefix: readonly string[];
  /** Who must own the cluster's folder; null: whoever we are. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
}

/**
 * The user of a cluster that is there already stays its user. `probe`: a command of Postgres that finds its own programs; they look with
 * access(2), which the kept capability does not help, so in a folder that only root may enter (mktemp -d) the namespace is the way.
 * Throws when neither works.
 */
export function runAsUnprivileged(cluster: string, probe: readonly string[]): RunAs {
  if (process.getuid?.() !== 0) return { prefix: [], owner: null };
  const user = ownerOf(cluster) ?? findNobody();
  const asUser = ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--inh-caps=+dac_override', '--ambient-caps=+dac_override'];
  if (works([...asUser, ...probe])) return { prefix: asUser, owner: user };
  const namespace = ['unshare', '--user', `--map-user=${user.uid}`, `--map-group=${user.gid}`];
  if (works([...namespace, ...probe])) return { prefix: namespace, owner: { uid: 0, gid: 0 } };
  throw new Error(
    'Postgres does not run as root, and here root can start it neither as another user (setpriv) nor in a user namespace (unshare). Run Parley as an ordinary user.',
  );
}

const works = ([program = '', ...args]: readonly string[]): boolean => spawnSync(program, args, { stdio: 'ignore' }).status === 0;

function ownerOf(cluster: string): { uid: number; gid: number } | null {
  const found = statSync(cluster, { throwIfNoEntry: false });
  return found === undefined || found.uid === 0 ? null : { uid: found.uid, gid: found.gid };
}

/** initdb wants a user that has a name. */
function findNobody(): { uid: number; gid: number } {
  const line = readFileSync('/etc/passwd', 'utf8').match(/^nobody:[^:]*:(\d+):(\d+):/m);
  return line === null ? { uid: 65_534, gid: 65_534 } : { uid: Number(line[1]), gid: Number(line[2]) };
}

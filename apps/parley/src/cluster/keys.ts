// The secrets of a local cluster, made once and kept in its folder, readable by this user only.
import { generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Rng } from '@parley/ports';

export interface ClusterKeys {
  /** Signs the calls between services. */
  readonly internalKey: string;
  readonly setupCode: string;
  /** Web push: P-256, base64url. */
  readonly vapidPublicKey: string;
  readonly vapidPrivateKey: string;
}

export async function clusterKeys(folder: string, rng: Rng): Promise<ClusterKeys> {
  const path = join(folder, 'keys.json');
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ClusterKeys;
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error;
  }
  const keys = { internalKey: rng.secret(32), setupCode: rng.secret(9), ...vapidKeys() };
  await writeFile(path, JSON.stringify(keys, null, 2), { mode: 0o600, flag: 'wx' });
  return keys;
}

function vapidKeys(): Pick<ClusterKeys, 'vapidPublicKey' | 'vapidPrivateKey'> {
  const { x = '', y = '', d = '' } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  return { vapidPublicKey: point.toString('base64url'), vapidPrivateKey: d };
}

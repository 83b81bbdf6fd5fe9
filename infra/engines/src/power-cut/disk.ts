// A disk whose power can be cut: an ext4 file system in a file. The cut drops everything that was not synced to it, also ext4's own
// journal, as a machine does that loses its power; a killed process alone loses nothing. Needs root and loop devices. Only for tests.
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Engine } from '../engine.ts';
import { hasProgram } from '../missing.ts';
import { killTree } from '../process/process-tree.ts';

const command = promisify(execFile);

export interface Disk {
  /** Where it is mounted. */
  readonly path: string;
  /** All that was written until now is on it. */
  sync(): Promise<void>;
  /** From now on every access fails, and what was not synced is gone. */
  cut(): Promise<void>;
  /** Mounted again, as after the reboot. Nobody may hold a file of it open. */
  remount(): Promise<void>;
  remove(): Promise<void>;
}

// EXT4_IOC_SHUTDOWN, _IOR('X', 125, __u32), with EXT4_GOING_FLAGS_NOLOGFLUSH: Node has no ioctl.
const SHUTDOWN = `import fcntl, os, struct, sys
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), (2 << 30) | (4 << 16) | (ord('X') << 8) | 125, struct.pack('I', 2))`;

/** Null: power can be cut here. Else why not. */
export function missingPowerCut(): string | null {
  if (process.platform !== 'linux') return 'only on Linux';
  if (process.getuid?.() !== 0) return 'only as root';
  const lacking = ['python3', 'mkfs.ext4', 'mount', 'losetup'].find((name) => !hasProgram(name));
  if (lacking !== undefined) return `${lacking} is not installed`;
  try {
    execFileSync('losetup', ['-f'], { stdio: 'ignore' });
    return null;
  } catch {
    return 'there are no loop devices';
  }
}

/** In a folder of the caller's, which is to be removed after `remove`. */
export async function createDisk(folder: string, megabytes: number): Promise<Disk> {
  const [image, path] = [join(folder, 'disk.ext4'), join(folder, 'disk')];
  mkdirSync(path, { recursive: true });
  writeFileSync(image, '');
  truncateSync(image, megabytes * 2 ** 20);
  await command('mkfs.ext4', ['-q', '-F', image]);
  const mount = async (): Promise<void> => void (await command('mount', ['-o', 'loop', image, path]));
  const unmount = async (): Promise<void> => void (await command('umount', [path]));
  await mount();
  return {
    path,
    sync: async () => void (await command('sync', ['-f', path])),
    cut: async () => void (await command('python3', ['-c', SHUTDOWN, path])),
    remount: async () => {
      await unmount();
      await mount();
    },
    remove: async () => {
      // Lazily: what a failed test left open must not keep it.
      await command('umount', ['-l', path]);
      rmSync(image, { force: true });
    },
  };
}

/** The machine loses its power and comes back: the engine, whose folder is on the disk, serves again when this resolves. */
export async function cutPower(disk: Disk, engine: Engine): Promise<void> {
  // Asked before: the note of it is on the disk.
  const { pid } = engine;
  await disk.cut();
  await killTree(pid);
  await disk.remount();
  await engine.start();
}

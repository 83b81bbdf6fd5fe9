// What a fault is: one bad thing that happens to a running cluster at a seeded moment, and what must still be true of it.
import type { Cluster } from '@parley/cli';
import type { Engine, EngineName } from '@parley/engines';
import type { Load, LoadOptions } from './world/load.ts';
import type { Random } from './world/random.ts';
import type { Stage, StageOptions } from './world/stage.ts';

/** A number that the fault measured. `most`: more is a failure. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: 'ms' | 'KiB' | 'count' | 'ratio';
  readonly most?: number;
  readonly least?: number;
}

export interface Scene {
  readonly stage: Stage;
  readonly cluster: Cluster;
  readonly engines: Readonly<Record<EngineName, Engine>>;
  readonly load: Load;
  readonly random: Random;
  /** A long run of `verify:release`: every variant, longer outages. */
  readonly long: boolean;
  /** One line of progress. */
  step(text: string): void;
  figure(figure: Figure): void;
  /** Something that must hold. */
  check(holds: boolean, what: string): void;
}

/** root: uid 0 · loop devices: a disk whose power can be cut · three brokers: memory and time for them · libfaketime: Debian's faketime. */
export type Need = 'root' | 'loop devices' | 'three brokers' | 'libfaketime';

export interface Fault {
  readonly id: `F${number}`;
  readonly name: string;
  readonly needs?: readonly Need[];
  /** A cluster of its own is made with this, maybe on the warm one's engines; without it the warm one is taken. */
  readonly stage?: (warm: () => Promise<Stage>) => Promise<StageOptions & { readonly clean?: () => Promise<void> }>;
  readonly load?: Partial<LoadOptions>;
  /** Sends that are refused are part of it: only these codes. */
  readonly mayRefuse?: readonly string[];
  /** Injects, heals and measures. What it hurt works again when this resolves. */
  run(scene: Scene): Promise<void>;
}

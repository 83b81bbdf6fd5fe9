// `--only gateway`: what the gateway's own path costs, with committed events handed to its feed. Rows 1 to 4 of the table in docs/performance.md.
import type { Part } from '../results.ts';
import { measureBigRoom } from './big-room.ts';
import { profileAt } from './profile.ts';
import { measureQuietRoom } from './quiet-room.ts';
import { measureRamp } from './ramp.ts';
import { withBench } from './run/measure.ts';
import { measureSmallRooms } from './small-rooms.ts';

export interface GatewayBenchOptions {
  /** Where a CPU profile of the worker at its limit is written; its top functions are printed. */
  readonly cpuProf?: string;
  /** For a look: few steps of the ramp, one run of each. */
  readonly quick?: boolean;
}

/** About 8 minutes with 3 repeats, 4 with one, 2 when quick. */
export const benchGateway = (repeats: number, { cpuProf, quick = false }: GatewayBenchOptions = {}): Promise<Part> =>
  withBench('gateway', async (bench) => {
    const wide = Math.max(1, repeats - 1);
    const { rows, series, limit } = await measureRamp(bench, wide, quick);
    if (cpuProf !== undefined) await profileAt(bench, limit, cpuProf);
    const quiet = await measureQuietRoom(bench, quick ? 1 : 3 * repeats);
    const small = await measureSmallRooms(bench, wide);
    const big = await measureBigRoom(bench, wide);
    return { rows: [...rows, ...quiet, ...small, ...big], series };
  });

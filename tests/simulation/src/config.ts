// What the environment says about a simulation run.

/** PARLEY_SIM_SEEDS: run exactly so many seeds, however long they take; null: as many as fit into the time box. */
export function seedsWanted(env: NodeJS.ProcessEnv = process.env): number | null {
  const seeds = Number(env.PARLEY_SIM_SEEDS);
  return Number.isSafeInteger(seeds) && seeds > 0 ? seeds : null;
}

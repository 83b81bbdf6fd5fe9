// The whole path in one process under virtual time, with faults from a seed.
export { runSeed, type SimOptions, type SimResult } from './run-seed.ts';

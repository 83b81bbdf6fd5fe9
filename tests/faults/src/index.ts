// Faults over a running cluster with load, for the command line and for tests.
export type { Fault, Figure, Need, Scene } from './fault.ts';
export { FAULTS } from './faults/index.ts';
export { isForRelease, missingEngines, missingNeed } from './needs.ts';
export { type HurtName, type ReplayResult, replayUnderFaults } from './replay-under-faults.ts';
export { type FaultResult, LOAD, type RunOptions, runFault } from './run-fault.ts';
export { openStage, type Stage, type StageOptions } from './world/stage.ts';

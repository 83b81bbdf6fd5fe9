// The one checker of Parley's promises, for replay, journeys, simulation and fault runs.
export * from './check.ts';
export * from './history.ts';
export { type Counts, formatReport, type Invariant, type Percentiles, type Report, type Violation } from './report.ts';
export * from './write-history.ts';

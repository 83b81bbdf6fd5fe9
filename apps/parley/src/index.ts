// Parley in one process, for tests, benchmarks and those who embed it.
import { createLogger } from '@parley/runtime';
import { type Embedded, startEmbedded } from './embedded.ts';

export type { ClusterStatus, ProcessStatus } from './cluster/cluster-state.ts';
export type { EngineUrls } from './cluster/plan-processes.ts';
export { type Cluster, type ClusterOptions, type ClusterProcess, connectCluster, startCluster } from './cluster/start-cluster.ts';
export { type Embedded, type EmbeddedOptions, startEmbedded } from './embedded.ts';
export { parseAnnotations } from './irc/parse-annotations.ts';
export { parseIrcLog } from './irc/parse-irc-log.ts';
export { visitLog } from './log/visit-log.ts';
export { type Client, persist, until } from './replay/actor.ts';
export { finalRecords } from './replay/final-records.ts';
export { planReplay } from './replay/plan.ts';
export { type PrivateServer, startPrivateServer } from './replay/private-server.ts';
export { type ReplayRun, runReplay } from './replay/run-replay.ts';
export { type Hop, parseWanted, readTraces, type Wanted } from './traces/read-traces.ts';
export { HOPS, type Story, type StoryHop, storiesOf, tellStory } from './traces/story.ts';
export { webRoot } from './web-root.ts';

/** Starts Parley on a folder, listening on loopback. `port` 0 takes a free one. Throws what went wrong, with nothing left running. */
export const startParley = (options: { dataDir: string; port?: number; registration?: 'open' | 'invite'; logLevel?: string }): Promise<Embedded> =>
  startEmbedded({
    dataDir: options.dataDir,
    port: options.port ?? 0,
    host: '127.0.0.1',
    registration: options.registration,
    origins: [],
    drainMs: 2000,
    logger: createLogger({ level: options.logLevel ?? 'error', pretty: false }),
  });

// What journeys, attacks and fault runs share: a world with people in it, and the program as a child process.
export { firstTo, noCluster, startOwnCluster, wantsCluster } from './own-cluster.ts';
export { type Program, program } from './program.ts';
export { openWorld, type Person, type World, world } from './world.ts';

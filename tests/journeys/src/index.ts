// What journeys, attacks and fault runs share: a world with people in it.
export { openWorld, type Person, type World, world } from './world.ts';

// Real engines without Docker.
export * from './engine.ts';

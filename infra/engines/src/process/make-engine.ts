// An engine is its process under a name and a URL.
import type { Engine, EngineOptions } from '../engine.ts';
import type { EngineProcess } from './engine-process.ts';

export const makeEngine = (name: Engine['name'], url: string, running: EngineProcess): Engine => ({
  name,
  url,
  get pid() {
    return running.pid;
  },
  kill: running.kill,
  stop: running.stop,
  start: running.start,
  pause: running.pause,
  resume: running.resume,
});

/** Opens and starts. */
export const starting =
  <Options extends EngineOptions>(open: (options: Options) => Promise<Engine>) =>
  async (options: Options): Promise<Engine> => {
    const engine = await open(options);
    await engine.start();
    return engine;
  };

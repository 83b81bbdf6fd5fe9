// An engine is its process under a name and a URL.
import type { Engine } from '../engine.ts';
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

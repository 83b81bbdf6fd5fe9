// F2: the sequencer dies in the middle of a batch, at each point where its work is half done, while another instance lives.
import { existsSync, writeFileSync } from 'node:fs';
import type { Fault, Scene } from '../../fault.ts';
import { sleep, until } from '../../sleep.ts';

/** As apps/messages/src/crash-points.ts has them, but for the one that needs a polite stop. */
const POINTS = ['before-commit', 'during-commit', 'after-commit', 'before-publish', 'after-publish', 'before-relay', 'after-relay'] as const;
const DIES_MS = 10_000;

export const messagesKilled: Fault = {
  id: 'F2',
  name: 'kill -9 of messages at each point of a batch, and while it saves how far it is',
  async run(scene) {
    let done = 0;
    for (const point of scene.random.shuffled(POINTS)) {
      if (await die(scene, point)) done++;
      else scene.check(false, `nobody came by ${point}`);
      await sleep(scene.random.between(200, 800));
    }
    if (await dieWhileSaving(scene)) done++;
    else scene.check(false, 'nobody came by before-save');
    scene.figure({ name: 'crash points', value: done, unit: 'count', least: POINTS.length + 1 });
  },
};

const instances = ({ cluster }: Scene) => cluster.processes.filter(({ name }) => name.startsWith('messages'));

/** Resolves when the one that died is back. */
async function die(scene: Scene, point: string): Promise<boolean> {
  const { stage, cluster, step } = scene;
  await cluster.status();
  const before = new Map(instances(scene).map((one) => [one.name, one.status.restarts]));
  writeFileSync(stage.crashFile, point);
  if ((await until(() => !existsSync(stage.crashFile), DIES_MS)) === null) return false;
  const dead = await until(async () => {
    await cluster.status();
    return instances(scene).some(({ name, status }) => status.restarts > (before.get(name) ?? 0));
  }, DIES_MS);
  step(`died ${point}`);
  await Promise.all(instances(scene).map((one) => one.ready()));
  return dead !== null;
}

/** At a polite stop it saves how far it has told and relayed. */
async function dieWhileSaving(scene: Scene): Promise<boolean> {
  const one = scene.random.pick(instances(scene));
  writeFileSync(scene.stage.crashFile, 'before-save');
  await one.restart();
  scene.step('died before-save');
  return !existsSync(scene.stage.crashFile);
}

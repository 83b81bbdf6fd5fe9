// Kafka's jars: brought once by Maven into a folder for all clones of this user. Whole or not there: they are copied beside and renamed.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheFolder } from './config.ts';

export const KAFKA_VERSION = '4.3.1';
const POM = fileURLToPath(new URL('../kafka/pom.xml', import.meta.url));

export const jarsFolder = (): string => join(cacheFolder(), `kafka-${KAFKA_VERSION}`);
export const hasJars = (): boolean => existsSync(join(jarsFolder(), `kafka_2.13-${KAFKA_VERSION}.jar`));

/** Answers the folder of the jars. Takes some seconds and the network the first time. Several processes may do it at once. */
export async function bringJars(): Promise<string> {
  const folder = jarsFolder();
  if (hasJars()) return folder;
  const unfinished = `${folder}.unfinished-${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    await promisify(execFile)('mvn', ['-q', '-B', '-f', POM, 'dependency:copy-dependencies', `-DoutputDirectory=${unfinished}`], { maxBuffer: 2 ** 24 });
    renameSync(unfinished, folder);
  } catch (error) {
    // Another process was first.
    if (!hasJars()) throw new Error(`Maven did not bring Kafka's jars: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return folder;
}

// The house rules as one list. `node tools/src/house-rules.ts` prints what breaks them, as file:line and rule, and ends with 1.
import { fileURLToPath } from 'node:url';
import { openRepository, type Problem, type Repository, type Rule } from './house/repository.ts';
import { checkCalls } from './house/rules-calls.ts';
import { checkDeadFiles } from './house/rules-dead-files.ts';
import { checkEnvironment, checkImports } from './house/rules-imports.ts';
import { checkFileSize, checkFolderSize, checkFunctionSize, checkHeader, checkNames, checkPorts, medianLines } from './house/rules-shape.ts';
import { checkExcuses, checkLinks, checkLockFile, checkMachinePaths, checkVersions } from './house/rules-text.ts';

export const RULES: readonly Rule[] = [
  checkImports,
  checkEnvironment,
  checkCalls,
  checkFileSize,
  checkFunctionSize,
  checkFolderSize,
  checkHeader,
  checkNames,
  checkPorts,
  checkDeadFiles,
  checkLinks,
  checkMachinePaths,
  checkLockFile,
  checkVersions,
  checkExcuses,
];

export const judge = (repository: Repository): readonly Problem[] => RULES.flatMap((rule) => rule(repository));

export const describeProblem = ({ path, line, rule, text }: Problem): string => `${path}${line > 0 ? `:${line}` : ''} [${rule}] ${text}`;

if (import.meta.main) {
  const repository = openRepository(fileURLToPath(new URL('../..', import.meta.url)));
  const problems = judge(repository);
  for (const problem of problems) console.log(describeProblem(problem));
  const own = repository.sources.filter((file) => !file.isTest);
  console.log(`${own.length} source files, median ${medianLines(own)} lines; ${problems.length} problems`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

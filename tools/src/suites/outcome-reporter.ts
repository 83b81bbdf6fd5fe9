// A vitest reporter that writes the outcome as JSON to PARLEY_OUTCOME_FILE: vitest's own JSON leaves out why a test was skipped.
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node';
import type { TestNamed } from './outcome.ts';

const firstLines = (error: { readonly message?: string; readonly stack?: string } | undefined): string =>
  (error?.message ?? 'no message').split('\n').slice(0, 40).join('\n');

export default class OutcomeReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const failed: TestNamed[] = unhandled.map((error) => ({ file: '', name: 'outside of any test', why: firstLines(error) }));
    const skipped: TestNamed[] = [];
    let passed = 0;
    for (const module of modules) {
      const file = relative(process.cwd(), module.moduleId);
      for (const error of module.errors()) failed.push({ file, name: 'the file itself', why: firstLines(error) });
      for (const suite of module.children.allSuites()) for (const error of suite.errors()) failed.push({ file, name: suite.fullName, why: firstLines(error) });
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed') passed++;
        else if (result.state === 'failed') failed.push({ file, name: test.fullName, why: firstLines(result.errors[0]) });
        else skipped.push({ file, name: test.fullName, why: reasonOf(test) });
      }
    }
    writeFileSync(process.env.PARLEY_OUTCOME_FILE ?? 'outcome.json', JSON.stringify({ passed, failed, skipped }));
  }
}

function reasonOf(test: TestCase): string {
  const result = test.result();
  if (result.state === 'skipped' && result.note) return result.note;
  return result.state === 'pending' ? 'it did not run' : 'no reason given, see its name';
}

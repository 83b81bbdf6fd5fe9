// Settings from the environment, all mistakes at once. The caller's config.ts passes process.env in; nothing here reads it.
import { safeParse } from 'zod/mini';
import type { $ZodType, output } from 'zod/v4/core';

/** Its message is for the operator: one line for each setting that is wrong. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`Parley cannot start with these settings:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/**
 * Parses the settings that `schema` (an object with the variables' names) describes. An empty variable counts as not set.
 * Throws ConfigError that names every mistake. Values are not repeated: they may be secrets.
 */
export function readConfig<S extends $ZodType>(schema: S, env: Readonly<Record<string, string | undefined>>): output<S> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = safeParse(schema, given);
  if (parsed.success) return parsed.data as output<S>;
  throw new ConfigError(
    parsed.error.issues.map((issue) => {
      const name = issue.path.map(String).join('.') || 'settings';
      return given[name] === undefined && issue.path.length === 1 ? `${name} is not set: ${issue.message}` : `${name}: ${issue.message}`;
    }),
  );
}

// node load/testing/settings-table.ts: the table of settings in docs/load.md, from the scenarios' sources (which only k6 can run).
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const SCENARIOS = ['smoke', 'steady-chat', 'big-room', 'many-rooms', 'reconnect-storm', 'presence-churn', 'rolling-deploy', 'soak', 'real-day'] as const;
/** Where the settings of all scenarios are. */
const COMMON = ['lib/crowd', 'lib/health'] as const;

const SETTING = /^ {2}([A-Z_]+): \{ default: ([\d_.]+), min: ([\d_.]+), max: ([\d_.]+),(?: kind: '(\w+)',)? what: '([^']+)' \},$/gm;

const number = (text: string): string => Number(text.replaceAll('_', '')).toLocaleString('en-US');

export const sourceOf = (name: string): string => readFileSync(fileURLToPath(new URL(`../${name}.ts`, import.meta.url)), 'utf8');

/** Markdown rows of one source: setting, default, range, what it is. */
export const settingsOf = (name: string): string[] =>
  [...sourceOf(name).matchAll(SETTING)].map(
    ([, setting, standard = '', min = '', max = '', kind, what]) =>
      `\`${setting}\` | ${number(standard)}${kind === 'seconds' ? ' s' : ''} | ${number(min)} to ${number(max)} | ${what} |`,
  );

export function settingsTable(): string {
  const rows = [...SCENARIOS, ...COMMON].flatMap((name) => {
    const scenario = name.startsWith('lib/') ? 'all' : `\`${name}\``;
    return settingsOf(name).map((row, index) => `| ${index > 0 ? '' : scenario} | ${row}`);
  });
  return ['| scenario | setting | default | range | what |', '|---|---|--:|---|---|', ...rows].join('\n');
}

if (import.meta.main) console.log(settingsTable());

// Settings of a scenario, from the environment: each has a default and a range, and all mistakes are told at once. No k6 and no Node in here.
// The target is refused unless it is this machine, or the operator's own, said twice.

export interface NumberSetting {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** What it is, for docs and errors. */
  readonly what: string;
  /** `seconds`: may also be written as 90s, 10m or 2h. `rate`: may have a fraction. Else a whole number. */
  readonly kind?: 'seconds' | 'rate';
}

export type Env = Readonly<Record<string, string | undefined>>;
export type Settings<T> = { readonly [K in keyof T]: number };

/** The bound of any run, whatever is set. Its time is bounded by the range of each setting, and by k6's maxDuration. */
export const MOST = { sockets: 10_000 } as const;

const UNIT_S: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3_600 };

function parse(text: string, kind: NumberSetting['kind']): number {
  if (kind !== 'seconds') return /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([smh]?)$/.exec(text) ?? [];
  return number === undefined ? Number.NaN : Number(number) * (UNIT_S[unit] ?? Number.NaN);
}

/**
 * Throws one Error that names each setting that is wrong, its range and its default; or, before anything is started, for a target that is not the
 * operator's (`targetUrl`). An empty variable is as if it were not set.
 */
export function readSettings<T extends Readonly<Record<string, NumberSetting>>>(env: Env, specs: T): Settings<T> {
  const wrong: string[] = [];
  const settings: Record<string, number> = {};
  for (const name of Object.keys(specs)) {
    const spec = specs[name] as NumberSetting;
    const text = (env[name] ?? '').trim();
    const value = text === '' ? spec.default : parse(text, spec.kind);
    const whole = spec.kind !== undefined || Number.isInteger(value);
    if (!(value >= spec.min && value <= spec.max) || !whole) {
      const unit = spec.kind === 'seconds' ? ' seconds (90s, 10m and 2h are understood)' : '';
      wrong.push(
        `${name}=${text} must be ${spec.kind === undefined ? 'a whole number ' : ''}from ${spec.min} to ${spec.max}${unit}: ${spec.what}. Default ${spec.default}.`,
      );
    }
    settings[name] = value;
  }
  if (wrong.length > 0) throw new Error(`Settings that cannot be used:\n  ${wrong.join('\n  ')}`);
  targetUrl(env);
  return settings as Settings<T>;
}

/** Throws when a run would open more sockets than any run may. */
export function boundSockets(sockets: number): void {
  if (sockets > MOST.sockets)
    throw new Error(`${sockets} sockets are more than one run may open (${MOST.sockets}): set PEOPLE or DEVICES lower, or run k6 on several machines.`);
}

const LOCAL = /^http:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?$/;

/** PARLEY_URL, or what `npm start` listens on. Throws for another machine that was not called one's own twice. */
export function targetUrl(env: Env): string {
  const url = (env.PARLEY_URL ?? 'http://127.0.0.1:8080').replace(/\/+$/, '');
  const twice = env.PARLEY_LOAD_TARGET_IS_MINE === url && env.PARLEY_LOAD_I_MAY === 'yes';
  if (!/^https?:\/\/[^/]+$/.test(url)) throw new Error(`PARLEY_URL=${url} must be like http://127.0.0.1:8080`);
  if (!LOCAL.test(url) && !twice)
    throw new Error(`${url} is not on this machine. Say twice that it is yours: PARLEY_LOAD_TARGET_IS_MINE=${url} PARLEY_LOAD_I_MAY=yes`);
  return url;
}

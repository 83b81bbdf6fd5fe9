// Settings and targets are judged before anything is sent.
import { describe, expect, it } from 'vitest';
import { boundSockets, readSettings, targetUrl } from './settings.ts';

const specs = {
  PEOPLE: { default: 20, min: 1, max: 200, what: 'people' },
  RATE: { default: 2.5, min: 0.1, max: 10, kind: 'rate', what: 'lines a second' },
  DURATION: { default: 60, min: 5, max: 86_400, kind: 'seconds', what: 'how long' },
} as const;

describe('settings', () => {
  it('take their defaults, numbers, and lengths of time as people write them', () => {
    expect(readSettings({}, specs)).toEqual({ PEOPLE: 20, RATE: 2.5, DURATION: 60 });
    expect(readSettings({ PEOPLE: ' 7 ', RATE: '0.5', DURATION: '10m' }, specs)).toEqual({ PEOPLE: 7, RATE: 0.5, DURATION: 600 });
    expect(readSettings({ PEOPLE: '', DURATION: '8h' }, specs)).toMatchObject({ PEOPLE: 20, DURATION: 28_800 });
    expect(readSettings({ DURATION: '90' }, specs).DURATION).toBe(90);
  });

  it.each([
    { PEOPLE: '0' },
    { PEOPLE: '201' },
    { PEOPLE: '1.5' },
    { PEOPLE: '-3' },
    { PEOPLE: '1e2' },
    { RATE: 'fast' },
    { DURATION: '5 min' },
    { DURATION: '2d' },
  ])('refuse %j', (env) => {
    expect(() => readSettings(env, specs)).toThrow(/Default /);
  });

  it('tell all mistakes at once', () => {
    expect(() => readSettings({ PEOPLE: 'x', RATE: '99' }, specs)).toThrow(/PEOPLE=x.*RATE=99/s);
  });

  it('never let a run open more sockets than any run may', () => {
    boundSockets(10_000);
    expect(() => boundSockets(10_001)).toThrow('set PEOPLE or DEVICES lower');
  });
});

describe('a target', () => {
  it.each(['http://127.0.0.1:8080', 'http://127.8.0.1', 'http://localhost:3000', 'http://[::1]:80'])('on this machine is taken: %s', (url) => {
    expect(targetUrl({ PARLEY_URL: `${url}/` })).toBe(url);
  });

  it('is what npm start listens on when nothing is said', () => expect(targetUrl({})).toBe('http://127.0.0.1:8080'));

  it.each(['https://chat.example', 'http://10.0.0.1', 'http://127.0.0.1.example', 'http://localhost.example:80', 'http://127.0.0.1@example.org'])(
    'elsewhere needs two words: %s',
    (url) => {
      const one = { PARLEY_URL: url };
      expect(() => targetUrl(one)).toThrow('Say twice that it is yours');
      expect(() => targetUrl({ ...one, PARLEY_LOAD_I_MAY: 'yes' })).toThrow('Say twice');
      expect(() => targetUrl({ ...one, PARLEY_LOAD_I_MAY: 'yes', PARLEY_LOAD_TARGET_IS_MINE: 'https://other.example' })).toThrow('Say twice');
      expect(targetUrl({ ...one, PARLEY_LOAD_I_MAY: 'yes', PARLEY_LOAD_TARGET_IS_MINE: url })).toBe(url);
    },
  );

  it('that is no address is refused', () => expect(() => targetUrl({ PARLEY_URL: '127.0.0.1:8080' })).toThrow('must be like'));
});

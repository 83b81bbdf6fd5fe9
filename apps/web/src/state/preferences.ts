// The reader's own settings. They live with the account; the theme is also kept in this browser, for the first paint and the sign-in page.
import { useEffect } from 'react';
import type { Parley } from '../model/shapes.ts';
import { useClient } from './client.tsx';

export type Theme = 'system' | 'light' | 'dark';
const THEME_KEY = 'parley.theme';

const isTheme = (value: unknown): value is Theme => value === 'system' || value === 'light' || value === 'dark';

export function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(THEME_KEY);
    return isTheme(stored) ? stored : 'system';
  } catch {
    return 'system';
  }
}

export function showTheme(theme: Theme): void {
  const root = document.documentElement;
  if (theme === 'system') delete root.dataset.theme;
  else root.dataset.theme = theme;
  try {
    localStorage.setItem(THEME_KEY, theme);
  } catch {
    // Storage may be forbidden: the theme then lasts as long as the page.
  }
}

export const useTheme = (): Theme =>
  useClient((state) => {
    const theme = state.prefs.get('theme');
    return isTheme(theme) ? theme : storedTheme();
  });

/** Shows the theme of the account as soon as it is known, and each change of it. */
export function useShownTheme(): void {
  const theme = useTheme();
  useEffect(() => showTheme(theme), [theme]);
}

export function setTheme(parley: Parley, theme: Theme): Promise<void> {
  showTheme(theme);
  return parley.account.setPref('theme', theme);
}

/** true: Enter sends and Shift+Enter breaks the line. false: the other way round, with Ctrl/Cmd+Enter. */
export const useEnterSends = (): boolean => useClient((state) => state.prefs.get('enter-sends') !== false);

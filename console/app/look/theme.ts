export type Theme = 'system' | 'light' | 'dark';

const KEY = 'penstock.theme';
const themes: readonly Theme[] = ['system', 'light', 'dark'];

export function chosenTheme(): Theme {
  const found = stored(KEY);
  return themes.find((theme) => theme === found) ?? 'system';
}

export function chooseTheme(theme: Theme): void {
  store(KEY, theme === 'system' ? undefined : theme);
  applyTheme();
}

/** Tells the style sheets which theme was chosen; without a choice, they follow the system. */
export function applyTheme(): void {
  const theme = chosenTheme();
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

/** A preference of this browser. Storage can be switched off: then it lasts as long as the page. */
export function stored(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

export function store(key: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // As above.
  }
}

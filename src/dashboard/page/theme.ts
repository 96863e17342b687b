/** Dark or light: as the system has it, unless it was chosen here. */
export type Theme = 'system' | 'light' | 'dark';

const themes: readonly Theme[] = ['system', 'light', 'dark'];
const storedAs = 'quorate-theme';

export function chosenTheme(): Theme {
  try {
    return themes.find((theme) => theme === localStorage.getItem(storedAs)) ?? 'system';
  } catch {
    // A browser may keep nothing for this page.
    return 'system';
  }
}

export function chooseTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
  try {
    localStorage.setItem(storedAs, theme);
  } catch {
    return;
  }
}

export function nextTheme(theme: Theme): Theme {
  return themes[(themes.indexOf(theme) + 1) % themes.length]!;
}

/** For what is painted with colours of the style sheet: a number that is another after a change. */
import { useEffect, useState } from 'preact/hooks';

export function useThemeChanges(): number {
  const [changes, setChanges] = useState(0);
  useEffect(() => {
    const tell = (): void => setChanges((before) => before + 1);
    const system = matchMedia('(prefers-color-scheme: dark)');
    system.addEventListener('change', tell);
    const observer = new MutationObserver(tell);
    observer.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      system.removeEventListener('change', tell);
      observer.disconnect();
    };
  }, []);
  return changes;
}

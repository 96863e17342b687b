/** What every view is given of the page it is part of. */
import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import type { PageStore } from './page-store.js';
import type { Source } from './source.js';

export interface Page {
  readonly store: PageStore;
  /** Says a sentence to who looks, for some seconds. */
  say(text: string): void;
  /** Shows another source, and the view for it. */
  show(source: Source): void;
  /** Shows a trace file, or says why not. */
  take(file: File): void;
}

export const PageContext = createContext<Page | undefined>(undefined);

export function usePage(): Page {
  const page = useContext(PageContext);
  if (page === undefined) throw new Error('a view stands outside of the page');
  return page;
}

/** The store, drawn again whenever it has changed, at most once a frame. */
export function useStore(): PageStore {
  const { store } = usePage();
  const [, setDrawn] = useState(0);
  useEffect(() => {
    const draw = (): void => setDrawn((count) => count + 1);
    // What came since it was drawn first was told to nobody.
    draw();
    return store.subscribe(draw);
  }, [store]);
  return store;
}

export interface ViewProps {
  /** What stands in the address behind the view's name. */
  readonly path: readonly string[];
}

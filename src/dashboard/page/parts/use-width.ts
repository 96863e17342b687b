/** How wide an element is, as it changes: for drawings whose texts must not be stretched. */
import { useEffect, useState } from 'preact/hooks';

export interface Measured {
  readonly width: number;
  /** For the element's `ref`. */
  readonly ref: (element: HTMLElement | null) => void;
}

export function useWidth(before: number): Measured {
  const [element, ref] = useState<HTMLElement | null>(null);
  const [width, setWidth] = useState(before);
  useEffect(() => {
    if (element === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setWidth(Math.max(1, Math.floor(entry.contentRect.width)));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return { width, ref };
}

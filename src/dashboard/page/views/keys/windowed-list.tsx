/** A long list of which only the rows in sight are drawn. Rows are all of one height. */
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { windowOf } from '../../parts/window-of.js';

export interface WindowedListProps {
  readonly label: string;
  readonly count: number;
  readonly rowPx: number;
  readonly row: (index: number) => ComponentChildren;
  /** The last row that is drawn, whenever that changes. */
  readonly onLast?: (last: number) => void;
  readonly class?: string;
}

export function WindowedList({ label, count, rowPx, row, onLast, class: name }: WindowedListProps) {
  const box = useRef<HTMLDivElement>(null);
  const [{ scrollPx, heightPx }, setSeen] = useState({ scrollPx: 0, heightPx: 0 });
  const look = (): void => {
    const { scrollTop = 0, clientHeight = 0 } = box.current ?? {};
    setSeen({ scrollPx: scrollTop, heightPx: clientHeight });
  };
  useLayoutEffect(() => {
    look();
    const observer = new ResizeObserver(look);
    if (box.current !== null) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const { first, end, abovePx, belowPx } = windowOf({ count, rowPx, scrollPx, heightPx });
  useLayoutEffect(() => onLast?.(end - 1), [end, count, onLast]);
  const rows = Array.from({ length: end - first }, (_, i) => first + i);
  return (
    <div ref={box} class={`windowed ${name ?? ''}`} onScroll={look}>
      <div style={{ height: `${abovePx}px` }} />
      <ul aria-label={label}>
        {rows.map((index) => (
          <li key={index} aria-setsize={count} aria-posinset={index + 1} style={heightOf(rowPx)}>
            {row(index)}
          </li>
        ))}
      </ul>
      <div style={{ height: `${belowPx}px` }} />
    </div>
  );
}

function heightOf(rowPx: number): { height: string } {
  return { height: `${rowPx}px` };
}

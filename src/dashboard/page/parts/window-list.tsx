/** A list of thousands of rows, of which those in sight are there. */
import './window-list.css';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

interface Row {
  readonly look: string;
  readonly title: string;
  readonly text: ComponentChildren;
}

export interface WindowListProps {
  readonly label: string;
  readonly count: number;
  /** The row that is kept in sight; -1: none. */
  readonly current: number;
  /** Of a row by its number. */
  readonly row: (index: number) => Row;
  readonly choose: (index: number) => void;
}

const rowHeight = 26;
/** Rows beyond those in sight, on either side. */
const beyond = 8;

export function WindowList({ label, count, current, row, choose }: WindowListProps) {
  const list = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(320);
  useEffect(() => {
    const { current: element } = list;
    if (element === null || current < 0) return;
    setHeight(element.clientHeight);
    const at = current * rowHeight;
    const isSeen = at >= element.scrollTop && at + rowHeight <= element.scrollTop + height;
    if (!isSeen) element.scrollTop = Math.max(0, at - height / 2);
  }, [current, count, height]);
  const first = Math.max(0, Math.floor(top / rowHeight) - beyond);
  const last = Math.min(count, Math.ceil((top + height) / rowHeight) + beyond);
  const numbers = Array.from({ length: Math.max(0, last - first) }, (_, index) => first + index);
  return (
    <div
      ref={list}
      class="window-list"
      role="group"
      aria-label={label}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
    >
      <div style={{ height: `${count * rowHeight}px` }}>
        {numbers.map((index) => {
          const { look, title, text } = row(index);
          return (
            <button
              key={index}
              type="button"
              class={look}
              title={title}
              style={{ top: `${index * rowHeight}px`, height: `${rowHeight}px` }}
              aria-current={index === current ? 'step' : undefined}
              onClick={() => choose(index)}
            >
              {text}
            </button>
          );
        })}
      </div>
    </div>
  );
}

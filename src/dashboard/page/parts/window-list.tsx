/** A list of thousands of rows, of which those in sight are there. */
import './window-list.css';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { windowOf } from './window-of.js';

interface Row {
  readonly look: string;
  readonly title: string;
  readonly text: ComponentChildren;
}

export interface WindowListProps {
  readonly label: string;
  readonly count: number;
  /** The row that is brought into sight when it is another one; -1: none. */
  readonly current: number;
  /** What that row is of, where it may come to stand elsewhere; else its number says it. */
  readonly currentName?: string;
  /** Of a row by its number. */
  readonly row: (index: number) => Row;
  readonly choose: (index: number) => void;
}

const rowHeight = 26;
/** It is no higher than that: as its style sheet says. */
const heightPx = 320;

export function WindowList(props: WindowListProps) {
  const { label, count, current, currentName = current, row, choose } = props;
  const list = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useEffect(() => {
    const { current: element } = list;
    if (element === null || current < 0) return;
    const { scrollTop, clientHeight } = element;
    const at = current * rowHeight;
    const isSeen = at >= scrollTop && at + rowHeight <= scrollTop + clientHeight;
    if (!isSeen) element.scrollTop = Math.max(0, at - clientHeight / 2);
  }, [currentName, current < 0]);
  const { first, end } = windowOf({ count, rowPx: rowHeight, scrollPx: top, heightPx });
  const numbers = Array.from({ length: end - first }, (_, index) => first + index);
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

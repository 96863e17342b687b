/** The events, the newest first. Only the rows that can be seen are drawn. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { clockText } from '../../parts/clock-text.js';
import { NodeBadge } from '../../parts/node-badge.tsx';
import { useWidth } from '../../parts/use-width.js';
import { windowOf } from '../../parts/window-of.js';
import type { ShownEvent } from './event-book.js';
import { kindLooks } from './event-kinds.js';

export interface EventListProps {
  /** The oldest first. */
  readonly events: readonly ShownEvent[];
  readonly chosen: ShownEvent | undefined;
  readonly pick: (event: ShownEvent) => void;
  readonly lookAt: (atMs: number) => void;
  /** Since when the page has seen the cluster. */
  readonly seenFromMs: number;
}

const height = 300;
/** One line, and two where there is little room. */
const rowHeights = { wide: 30, narrow: 52 } as const;
const narrowBelow = 620;

export function EventList({ events, chosen, pick, lookAt, seenFromMs }: EventListProps) {
  const list = useRef<HTMLDivElement>(null);
  const [scrollTop, setScrollTop] = useState(0);
  const isNarrow = useWidth(list) < narrowBelow;
  const rowHeight = isNarrow ? rowHeights.narrow : rowHeights.wide;
  const count = events.length;
  useStillRows(list, events, rowHeight);
  const seen = { count, rowPx: rowHeight, scrollPx: scrollTop, heightPx: height };
  const { first, end } = windowOf(seen);
  const at = (row: number): ShownEvent => events[count - 1 - row]!;
  const chosenRow = chosen === undefined ? -1 : rowOf(events, chosen);
  const wasSeen = chosen !== undefined && chosen.atMs >= seenFromMs;
  const go = (row: number): void => {
    if (count === 0) return;
    const to = Math.min(count - 1, Math.max(0, row));
    pick(at(to));
    bringIntoView(list.current, to * rowHeight, rowHeight);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const page = Math.floor(height / rowHeight);
    const row = rowAfter(event.key, { row: chosenRow, page, count });
    if (row !== undefined) go(row);
    else if (event.key === 'Enter' && chosen !== undefined && wasSeen) lookAt(chosen.atMs);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <div
        ref={list}
        class={isNarrow ? 'events narrow' : 'events'}
        style={{ height: `${height}px` }}
        role="listbox"
        tabIndex={0}
        aria-label="Events, the newest first"
        aria-activedescendant={chosenRow < 0 ? undefined : `event-${chosenRow}`}
        onKeyDown={onKeyDown}
        onScroll={({ currentTarget }) => setScrollTop(currentTarget.scrollTop)}
      >
        <div role="presentation" style={{ height: `${count * rowHeight}px` }}>
          {Array.from({ length: end - first }, (_, index) => (
            <Row
              key={at(first + index).key}
              row={first + index}
              count={count}
              rowHeight={rowHeight}
              event={at(first + index)}
              isChosen={chosenRow === first + index}
              pick={pick}
            />
          ))}
        </div>
        {count === 0 && <p class="quiet">Nothing of this kind has happened.</p>}
      </div>
      {chosen !== undefined && (
        <p class="row small">
          {new Date(chosen.atMs).toLocaleDateString()} {clockText(chosen.atMs)}: {chosen.text}
          {wasSeen ? (
            <button type="button" onClick={() => lookAt(chosen.atMs)}>
              See the cluster as it was
            </button>
          ) : (
            <span class="quiet">How the cluster was then, this page has not seen.</span>
          )}
        </p>
      )}
    </>
  );
}

/** Undefined: the key says nothing of rows. */
function rowAfter(
  key: string,
  { row, page, count }: { readonly row: number; readonly page: number; readonly count: number },
): number | undefined {
  const rows: Readonly<Record<string, number>> = {
    ArrowDown: row + 1,
    ArrowUp: row - 1,
    PageDown: row + page,
    PageUp: row - page,
    Home: 0,
    End: count - 1,
  };
  return rows[key];
}

/** Who has scrolled back goes on seeing what it sees, whatever comes above it. */
function useStillRows(
  list: { readonly current: HTMLDivElement | null },
  events: readonly ShownEvent[],
  rowHeight: number,
): void {
  const newest = useRef(events.at(-1));
  useLayoutEffect(() => {
    const before = newest.current;
    newest.current = events.at(-1);
    const { current } = list;
    if (current === null || current.scrollTop === 0 || before === undefined) return;
    const came = rowOf(events, before);
    if (came > 0) current.scrollTop += came * rowHeight;
  }, [events]);
}

function rowOf(events: readonly ShownEvent[], { key }: ShownEvent): number {
  const index = events.findLastIndex((event) => event.key === key);
  return index < 0 ? -1 : events.length - 1 - index;
}

function bringIntoView(list: HTMLElement | null, top: number, rowHeight: number): void {
  if (list === null) return;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + rowHeight > list.scrollTop + list.clientHeight)
    list.scrollTop = top + rowHeight - list.clientHeight;
}

interface RowProps {
  readonly row: number;
  readonly count: number;
  readonly rowHeight: number;
  readonly event: ShownEvent;
  readonly isChosen: boolean;
  readonly pick: (event: ShownEvent) => void;
}

function Row({ row, count, rowHeight, event, isChosen, pick }: RowProps) {
  const { title, sign, tone } = kindLooks[event.kind];
  return (
    <div
      id={`event-${row}`}
      class="event"
      role="option"
      aria-selected={isChosen}
      aria-posinset={row + 1}
      aria-setsize={count}
      style={{ transform: `translateY(${row * rowHeight}px)`, height: `${rowHeight}px` }}
      onClick={() => pick(event)}
    >
      <time class="quiet">
        {clockText(event.atMs)}
        <span class="fraction">.{String(Math.floor(event.atMs % 1_000)).padStart(3, '0')}</span>
      </time>
      <span class="of">{event.node === '' ? 'the world' : <NodeBadge id={event.node} />}</span>
      <span class={`kind tone-${tone}`}>
        <span aria-hidden="true">{sign}</span> {title}
      </span>
      <span class="said" title={event.text}>
        {event.text}
      </span>
    </div>
  );
}

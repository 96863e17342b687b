/** The lanes of the time line. The list below says the same to who uses no pointer. */
import { useMemo, useRef } from 'preact/hooks';
import { clockText } from '../../parts/clock-text.js';
import { NodeBadge } from '../../parts/node-badge.tsx';
import { useWidth } from '../../parts/use-width.js';
import type { ShownEvent } from './event-book.js';
import { kindLooks } from './event-kinds.js';
import { laneMarks, ticksOf, type LaneMark, type Span } from './lanes.js';

export interface LanesProps {
  readonly nodes: readonly string[];
  readonly events: readonly ShownEvent[];
  readonly span: Span;
  readonly chosen: ShownEvent | undefined;
  readonly pick: (event: ShownEvent) => void;
}

const markWidth = 22;
const tickWidth = 110;
const nobody = '';

export function Lanes({ nodes, events, span, chosen, pick }: LanesProps) {
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place);
  const { fromMs, toMs } = span;
  const places = Math.max(1, Math.floor(width / markWidth));
  const marks = useMemo(
    () => laneMarks(events, { fromMs, toMs }, places),
    [events, fromMs, toMs, places],
  );
  const lanes = marks.has(nobody) ? [...nodes, nobody] : nodes;
  const ticks = ticksOf(span, Math.max(2, Math.floor(width / tickWidth)));
  return (
    <div class={lanes.length > 10 ? 'lanes crowded' : 'lanes'} aria-hidden="true">
      <div class="lane-names">
        {lanes.map((id) => (
          <div key={id}>{id === nobody ? 'the world' : <NodeBadge id={id} />}</div>
        ))}
      </div>
      <div class="lane-field" ref={place}>
        {ticks.map(({ at, atMs }) => (
          <span key={atMs} class="tick" style={{ left: `${100 * at}%` }}>
            {(1 - at) * width > tickWidth / 2 && clockText(atMs)}
          </span>
        ))}
        {lanes.map((id) => (
          <div key={id} class="lane">
            {marks.get(id)?.map((mark) => (
              <Mark key={mark.at} mark={mark} chosen={chosen} pick={pick} />
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}

function Mark({
  mark,
  chosen,
  pick,
}: {
  readonly mark: LaneMark;
  readonly chosen: ShownEvent | undefined;
  readonly pick: (event: ShownEvent) => void;
}) {
  const { at, kind, events } = mark;
  const { sign, tone } = kindLooks[kind];
  const isChosen = events.some(({ key }) => key === chosen?.key);
  const told = events.slice(0, 8).map(({ text }) => text);
  const more = events.length - told.length;
  return (
    <button
      type="button"
      tabIndex={-1}
      class={`mark tone-${tone}${isChosen ? ' chosen' : ''}`}
      style={{ left: `${100 * at}%` }}
      title={[...told, ...(more > 0 ? [`and ${more} more`] : [])].join('\n')}
      onClick={() => pick(events[0]!)}
    >
      {sign}
      {events.length > 1 && <sub>{events.length}</sub>}
    </button>
  );
}

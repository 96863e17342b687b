/** What happened: as lanes over time, and as a list, both narrowed by node and by kind. */
import { useMemo, useState } from 'preact/hooks';
import { NodeBadge } from '../../parts/node-badge.tsx';
import { countsOf, filtered, type EventFilter, type ShownEvent } from './event-book.js';
import { eventKinds, kindLooks, type EventKind } from './event-kinds.js';
import { EventList } from './event-list.tsx';
import { Lanes } from './lanes-card.tsx';
import type { Span } from './lanes.js';

export interface TimeLineProps {
  readonly nodes: readonly string[];
  readonly events: readonly ShownEvent[];
  readonly nowMs: number;
  readonly chosen: ShownEvent | undefined;
  readonly choose: (event: ShownEvent) => void;
  /** Shows the cluster as it was. */
  readonly lookAt: (atMs: number) => void;
  /** Since when the page has seen the cluster. */
  readonly seenFromMs: number;
}

const spans: readonly (readonly [text: string, ms: number])[] = [
  ['1 min', 60_000],
  ['5 min', 300_000],
  ['15 min', 900_000],
  ['1 h', 3_600_000],
];

export function TimeLine(props: TimeLineProps) {
  const { nodes, events, nowMs, chosen, choose, lookAt, seenFromMs } = props;
  const [chosenNodes, setNodes] = useState<ReadonlySet<string>>(new Set());
  const [kinds, setKinds] = useState<ReadonlySet<EventKind>>(new Set());
  const [lengthMs, setLength] = useState(spans[1]![1]);
  /** Null: it goes on with time. */
  const [endMs, setEnd] = useState<number | null>(null);
  const filter: EventFilter = { nodes: chosenNodes, kinds };
  const shown = useMemo(() => filtered(events, filter), [events, chosenNodes, kinds]);
  const toMs = endMs ?? nowMs;
  const span: Span = { fromMs: toMs - lengthMs, toMs };
  const pick = (event: ShownEvent): void => {
    choose(event);
    const isSeen = event.atMs >= span.fromMs && event.atMs <= span.toMs;
    if (!isSeen) setEnd(Math.min(nowMs, event.atMs + lengthMs / 2));
  };
  const shift = (share: number): void => {
    const to = toMs + share * lengthMs;
    setEnd(to >= nowMs ? null : to);
  };
  return (
    <section class="card stack happened" aria-labelledby="cluster-events">
      <div class="row">
        <h2 id="cluster-events">What happened</h2>
        <SpanChoice lengthMs={lengthMs} setLength={setLength} />
        <span class="row tight">
          <button type="button" aria-label="Earlier" onClick={() => shift(-0.5)}>
            ←
          </button>
          <button
            type="button"
            aria-label="Later"
            disabled={endMs === null}
            onClick={() => shift(0.5)}
          >
            →
          </button>
          <button type="button" aria-pressed={endMs === null} onClick={() => setEnd(null)}>
            now
          </button>
        </span>
      </div>
      <Filters
        nodes={nodes}
        events={events}
        filter={filter}
        toggleNode={(id) => setNodes(toggled(chosenNodes, id))}
        toggleKind={(kind) => setKinds(toggled(kinds, kind))}
      />
      <Lanes nodes={nodes} events={shown} span={span} chosen={chosen} pick={pick} />
      <EventList {...{ events: shown, chosen, pick, lookAt, seenFromMs }} />
    </section>
  );
}

function toggled<T>(set: ReadonlySet<T>, element: T): ReadonlySet<T> {
  const next = new Set(set);
  if (!next.delete(element)) next.add(element);
  return next;
}

function SpanChoice({
  lengthMs,
  setLength,
}: {
  readonly lengthMs: number;
  readonly setLength: (ms: number) => void;
}) {
  return (
    <label class="row tight small">
      <span class="quiet">over</span>
      <select
        value={lengthMs}
        onChange={({ currentTarget }) => setLength(Number(currentTarget.value))}
      >
        {spans.map(([text, ms]) => (
          <option key={ms} value={ms}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

interface FiltersProps {
  readonly nodes: readonly string[];
  readonly events: readonly ShownEvent[];
  readonly filter: EventFilter;
  readonly toggleNode: (id: string) => void;
  readonly toggleKind: (kind: EventKind) => void;
}

/** Kinds of which there is none are not offered, unless they are asked for. */
function Filters({ nodes, events, filter, toggleNode, toggleKind }: FiltersProps) {
  const counts = useMemo(() => countsOf(events), [events]);
  return (
    <div class="filters">
      <div class="row tight" role="group" aria-label="Of these nodes">
        {nodes.map((id) => (
          <button
            key={id}
            type="button"
            class="chip"
            aria-pressed={filter.nodes.has(id)}
            onClick={() => toggleNode(id)}
          >
            <NodeBadge id={id} />
          </button>
        ))}
      </div>
      <div class="row tight" role="group" aria-label="Of these kinds">
        {eventKinds
          .filter((kind) => counts.has(kind) || filter.kinds.has(kind))
          .map((kind) => (
            <button
              key={kind}
              type="button"
              class="chip"
              aria-pressed={filter.kinds.has(kind)}
              onClick={() => toggleKind(kind)}
            >
              <span class={`tone-${kindLooks[kind].tone}`} aria-hidden="true">
                {kindLooks[kind].sign}
              </span>{' '}
              {kindLooks[kind].title} <span class="quiet">{counts.get(kind) ?? 0}</span>
            </button>
          ))}
      </div>
    </div>
  );
}

/** The measures of the last minutes: a small chart for each, with what it says in words. */
import { useState } from 'preact/hooks';
import { clusterViewLimits } from '../../../../../actors/rules/limits/cluster-view.js';
import { clockText } from '../../parts/clock-text.js';
import { NodeBadge } from '../../parts/node-badge.tsx';
import { nodeMarks } from '../../parts/node-marks.js';
import { bytesText, msText, shortNumber } from '../../parts/quantity.js';
import { LineChart, type ChartLine } from './line-chart.tsx';
import { measures, type Measure } from '../../parts/measures.js';
import type { SeriesBook } from './series-book.js';

export interface MeasuresCardProps {
  /** Ids, in the order of their lines. */
  readonly nodes: readonly string[];
  readonly series: SeriesBook;
  readonly lit: ReadonlySet<string>;
  readonly markedMs: number | null;
}

const texts: Readonly<Record<Measure['unit'], (value: number) => string>> = {
  '/s': (value) => `${shortNumber(value)}/s`,
  ms: msText,
  bytes: bytesText,
  '': shortNumber,
};

export function MeasuresCard({ nodes, series, lit, markedMs }: MeasuresCardProps) {
  const [cursor, setCursor] = useState<number | null>(null);
  const { times } = series;
  const last = times.length - 1;
  const shown = shownNodes(nodes, lit);
  const step = (by: number): void =>
    setCursor((at) => Math.min(last, Math.max(0, (at ?? last) + by)));
  return (
    <section class="card stack measures-card" aria-labelledby="cluster-measures">
      <div class="row">
        <h2 id="cluster-measures">Measures</h2>
        {shown.length < nodes.length && (
          <span class="small quiet">
            {shown.length} of {nodes.length} nodes are shown: choose one to see it among them
          </span>
        )}
        <span class="small quiet" aria-live="polite">
          {cursor !== null && times[cursor] !== undefined
            ? `at ${clockText(times[cursor] * 1_000)}`
            : ''}
        </span>
      </div>
      <div
        class="measures"
        role="group"
        tabIndex={0}
        aria-label="Measures; the arrow keys go through time"
        onKeyDown={(event) => {
          const steps: Readonly<Record<string, () => void>> = {
            ArrowLeft: () => step(-1),
            ArrowRight: () => step(1),
            PageUp: () => step(-30),
            PageDown: () => step(30),
            Escape: () => setCursor(null),
          };
          const does = steps[event.key];
          if (does === undefined) return;
          event.preventDefault();
          does();
        }}
        onPointerLeave={() => setCursor(null)}
      >
        {measures.map((measure) => (
          <Figure
            key={measure.name}
            measure={measure}
            series={series}
            lines={shown.map((id) => lineOf(id, measure, { nodes, series, lit }))}
            cursor={cursor}
            markedMs={markedMs}
            onCursor={setCursor}
          />
        ))}
      </div>
    </section>
  );
}

interface FigureProps {
  readonly measure: Measure;
  readonly series: SeriesBook;
  readonly lines: readonly ChartLine[];
  readonly cursor: number | null;
  readonly markedMs: number | null;
  readonly onCursor: (index: number | null) => void;
}

function Figure({ measure, series, lines, cursor, markedMs, onCursor }: FigureProps) {
  const { title, unit } = measure;
  const text = texts[unit];
  const at = cursor ?? series.times.length - 1;
  return (
    <figure>
      <figcaption>{title}</figcaption>
      <ul class="readings small">
        {lines.map(({ id, points, isDim }) => {
          const value = points[at] ?? null;
          return (
            <li key={id} class={isDim ? 'dim' : ''}>
              <NodeBadge id={id} /> {value === null ? '–' : text(value)}
            </li>
          );
        })}
      </ul>
      <LineChart
        times={series.times}
        lines={lines}
        text={text}
        cursor={cursor}
        markedMs={markedMs}
        onCursor={onCursor}
      />
    </figure>
  );
}

/** Whoever is lit is among them. */
function shownNodes(nodes: readonly string[], lit: ReadonlySet<string>): readonly string[] {
  const { linesMax } = clusterViewLimits;
  if (nodes.length <= linesMax) return nodes;
  const first = [...nodes.filter((id) => lit.has(id)), ...nodes].slice(0, linesMax + lit.size);
  const chosen = new Set([...new Set(first)].slice(0, linesMax));
  return nodes.filter((id) => chosen.has(id));
}

function lineOf(
  id: string,
  { name }: Measure,
  { nodes, series, lit }: Pick<MeasuresCardProps, 'nodes' | 'series' | 'lit'>,
): ChartLine {
  return {
    id,
    token: nodeMarks.of(id).token,
    dashes: nodes.indexOf(id),
    isDim: lit.size > 0 && !lit.has(id),
    points: series.line(id, name),
  };
}

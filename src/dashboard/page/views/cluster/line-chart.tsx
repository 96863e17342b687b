/** One small chart: a line for each node, over the last minutes. */
import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { minuteText } from '../../parts/clock-text.js';
import { useThemeChanges } from '../../parts/use-theme.js';
import { useWidth } from '../../parts/use-width.js';
import { colourOf } from '../../style/colour.js';
import type { Point } from './series-book.js';

export interface ChartLine {
  readonly id: string;
  readonly token: `--${string}`;
  /** Told apart by more than colour: 0 is a whole line. */
  readonly dashes: number;
  readonly isDim: boolean;
  readonly points: readonly Point[];
}

export interface LineChartProps {
  /** Seconds since 1970, ascending. */
  readonly times: readonly number[];
  readonly lines: readonly ChartLine[];
  readonly text: (value: number) => string;
  /** The index of the time that is pointed at, in this chart or another. */
  readonly cursor: number | null;
  /** A moment that is marked. */
  readonly markedMs: number | null;
  readonly onCursor: (index: number | null) => void;
}

const height = 92;
/** Seconds: labels have no finer ones than minutes. */
const timeSteps = [60, 120, 300, 600];
const dashes: readonly (readonly number[])[] = [[], [6, 3], [2, 3], [10, 3, 2, 3]];

export function LineChart(props: LineChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(null);
  const latest = useRef(props);
  latest.current = props;
  const width = useWidth(place);
  const theme = useThemeChanges();
  const names = props.lines.map(({ id }) => id).join();
  const dims = props.lines.map(({ isDim }) => Number(isDim)).join();
  useEffect(() => {
    if (place.current === null || width === 0) return undefined;
    const made = new uPlot(optionsOf(latest, width), dataOf(latest.current), place.current);
    chart.current = made;
    return () => {
      made.destroy();
      chart.current = null;
    };
  }, [width, theme, names]);
  const { times, lines, cursor, markedMs } = props;
  const lastS = times.at(-1);
  useEffect(() => {
    chart.current?.setData(dataOf(latest.current));
  }, [lastS, times.length, lines.length]);
  useEffect(() => {
    for (const [index, { isDim }] of latest.current.lines.entries()) {
      const series = chart.current?.series[index + 1];
      if (series !== undefined) series.alpha = alphaOf(isDim);
    }
    chart.current?.redraw(false);
  }, [markedMs, dims]);
  useEffect(() => point(chart.current, cursor, latest.current.times), [cursor]);
  return <div ref={place} class="line-chart" aria-hidden="true" />;
}

/** Without telling of it: whoever is told points all charts there. */
function point(chart: uPlot | null, cursor: number | null, times: readonly number[]): void {
  if (chart === null || chart.cursor.idx === cursor) return;
  const atS = cursor === null ? undefined : times[cursor];
  const left = atS === undefined ? -10 : chart.valToPos(atS, 'x');
  chart.setCursor({ left, top: atS === undefined ? -10 : 0 }, false);
}

function dataOf({ times, lines }: LineChartProps): uPlot.AlignedData {
  return [[...times], ...lines.map(({ points }) => [...points])];
}

function optionsOf(latest: { readonly current: LineChartProps }, width: number): uPlot.Options {
  const { lines } = latest.current;
  const [line, text, accent] = [colourOf('--line'), colourOf('--text-quiet'), colourOf('--accent')];
  const axis: uPlot.Axis = {
    stroke: text,
    grid: { stroke: line, width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  };
  return {
    width,
    height,
    legend: { show: false },
    padding: [6, 14, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 5 } },
    scales: { y: { range: (_, __, max) => [0, max > 0 ? 1.1 * max : 1] } },
    axes: [
      {
        ...axis,
        size: 20,
        space: 44,
        incrs: [...timeSteps],
        values: (_, atS) => atS.map((s) => minuteText(s * 1_000)),
      },
      {
        ...axis,
        size: 56,
        space: 26,
        values: (_, values) => values.map((value) => latest.current.text(value)),
      },
    ],
    series: [
      {},
      ...lines.map(({ token, dashes: number, isDim }): uPlot.Series => ({
        stroke: colourOf(token),
        width: 1.5,
        alpha: alphaOf(isDim),
        dash: [...dashes[number % dashes.length]!],
        points: { show: true, size: 4, fill: colourOf(token), filter: lonely },
        spanGaps: false,
      })),
    ],
    hooks: {
      setCursor: [({ cursor }) => latest.current.onCursor(cursor.idx ?? null)],
      draw: [(chart) => mark(chart, latest.current.markedMs, accent)],
    },
  };
}

/** Of the values that no line leads to or from, their indexes. */
function lonely(chart: uPlot, series: number): number[] | null {
  const values = chart.data[series] ?? [];
  const isThere = (at: number): boolean => values[at] !== null && values[at] !== undefined;
  const alone: number[] = [];
  for (let at = 0; at < values.length; at++)
    if (isThere(at) && !isThere(at - 1) && !isThere(at + 1)) alone.push(at);
  return alone;
}

function alphaOf(isDim: boolean): number {
  return isDim ? 0.2 : 1;
}

function mark(chart: uPlot, markedMs: number | null, colour: string): void {
  if (markedMs === null) return;
  const { ctx, bbox } = chart;
  const x = chart.valToPos(markedMs / 1_000, 'x', true);
  if (x < bbox.left || x > bbox.left + bbox.width) return;
  ctx.save();
  ctx.fillStyle = colour;
  ctx.fillRect(x - 1, bbox.top, 2, bbox.height);
  ctx.restore();
}

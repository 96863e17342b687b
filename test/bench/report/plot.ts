/**
 * Rows as an SVG picture: a panel for each workload and value size, in it a line for each contender
 * from its lowest load to its highest, throughput to the right and p99 upwards on a logarithmic
 * scale. Below and to the right is better.
 */
import { labelOf, type Row } from './rows.js';

const panel = { width: 360, height: 240, left: 56, right: 16, top: 34, bottom: 40 };
const columnsMax = 3;
const legendLine = 18;
const colours = [
  '#0b6e99',
  '#d9730d',
  '#0f7b6c',
  '#ad1a72',
  '#6940a5',
  '#9a6b00',
  '#b3261e',
  '#57606a',
];

interface Series {
  readonly label: string;
  readonly colour: string;
  readonly rows: readonly Row[];
}

export function plotOf(rows: readonly Row[]): string {
  const labels = [...new Set(rows.map(labelOf))];
  const panels = [...new Set(rows.map(panelOf))];
  const columns = Math.min(columnsMax, Math.max(1, panels.length));
  const width = columns * panel.width;
  const legendTop = Math.ceil(panels.length / columns) * panel.height;
  const height = legendTop + (labels.length + 1) * legendLine;
  const colourOf = (label: string): string => colours[labels.indexOf(label) % colours.length]!;
  const drawn = panels.map((name, i) => {
    const own = rows.filter((row) => panelOf(row) === name);
    const series = labels
      .map((label) => ({
        label,
        colour: colourOf(label),
        rows: own.filter((row) => labelOf(row) === label),
      }))
      .filter((one) => one.rows.length > 0);
    const x = (i % columns) * panel.width;
    const y = Math.floor(i / columns) * panel.height;
    return `<g transform="translate(${x} ${y})">${panelSvg(name, own, series)}</g>`;
  });
  const legend = labels.map((label, i) => {
    const y = legendTop + (i + 0.5) * legendLine;
    return `<circle cx="${panel.left}" cy="${y}" r="4" fill="${colourOf(label)}"/>${text({ x: panel.left + 10, y: y + 4, content: label })}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="11" fill="#24292f">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...drawn,
    ...legend,
    '</svg>',
    '',
  ].join('\n');
}

function panelOf({ workload, valueBytes }: Row): string {
  return `${workload}, ${valueBytes} bytes`;
}

function panelSvg(name: string, rows: readonly Row[], series: readonly Series[]): string {
  const { width, height, left, right, top, bottom } = panel;
  const xMax = niceCeiling(Math.max(1, ...rows.map((row) => row.opsPerSecond)));
  const latencies = rows.map(latencyOf);
  const yMin = 10 ** Math.floor(Math.log10(Math.min(...latencies)));
  const yMax = Math.max(10 * yMin, 10 ** Math.ceil(Math.log10(Math.max(...latencies))));
  const decades = Math.round(Math.log10(yMax / yMin));
  const x = (rate: number): number => left + (rate / xMax) * (width - left - right);
  const y = (ms: number): number =>
    height - bottom - (Math.log10(ms / yMin) / decades) * (height - top - bottom);
  const parts = [text({ x: left, y: 18, content: name, weight: 'bold' })];
  for (let i = 0; i <= decades; i++) {
    const ms = yMin * 10 ** i;
    parts.push(line(left, y(ms), width - right, y(ms)));
    parts.push(
      text({ x: left - 6, y: y(ms) + 4, content: `${Number(ms.toPrecision(1))}`, anchor: 'end' }),
    );
  }
  for (const rate of [0, xMax / 2, xMax]) {
    parts.push(line(x(rate), top, x(rate), height - bottom));
    const content = rate >= 1000 ? `${rate / 1000}k` : String(rate);
    parts.push(text({ x: x(rate), y: height - bottom + 14, content, anchor: 'middle' }));
  }
  parts.push(
    text({
      x: (left + width - right) / 2,
      y: height - 10,
      content: 'operations/s',
      anchor: 'middle',
    }),
  );
  parts.push(text({ x: left - 6, y: 18, content: 'p99 ms', anchor: 'end' }));
  for (const { colour, rows } of series) {
    const points = [...rows].sort((a, b) => loadOf(a) - loadOf(b));
    const at = points.map((row) => [x(row.opsPerSecond), y(latencyOf(row))] as const);
    parts.push(
      `<polyline points="${at.map(([px, py]) => `${tidy(px)},${tidy(py)}`).join(' ')}" fill="none" stroke="${colour}" stroke-width="1.5"/>`,
    );
    for (const [i, [px, py]] of at.entries())
      parts.push(
        `<circle cx="${tidy(px)}" cy="${tidy(py)}" r="3" fill="${colour}"><title>${escaped(describe(points[i]!))}</title></circle>`,
      );
  }
  return parts.join('');
}

function describe(row: Row): string {
  const load = row.inFlight === null ? `${row.ratePerSecond}/s` : `${row.inFlight} in flight`;
  return `${labelOf(row)}, ${load}: ${row.opsPerSecond}/s, p99 ${row.p99Ms} ms, ${row.cpuMicrosPerOp} CPU µs/op`;
}

function loadOf({ inFlight, ratePerSecond }: Row): number {
  return inFlight ?? ratePerSecond ?? 0;
}

/** A logarithm needs more than nothing. */
function latencyOf({ p99Ms }: Row): number {
  return Math.max(0.001, p99Ms);
}

/** A number whose half is short as well. */
export function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10].find((step) => step * power >= value)!;
  return step * power;
}

function text(options: {
  readonly x: number;
  readonly y: number;
  readonly content: string;
  readonly anchor?: 'middle' | 'end';
  readonly weight?: 'bold';
}): string {
  const { x, y, content, anchor = 'start', weight = 'normal' } = options;
  return `<text x="${tidy(x)}" y="${tidy(y)}" text-anchor="${anchor}" font-weight="${weight}">${escaped(content)}</text>`;
}

function line(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${tidy(x1)}" y1="${tidy(y1)}" x2="${tidy(x2)}" y2="${tidy(y2)}" stroke="#d0d7de"/>`;
}

function tidy(value: number): number {
  return Number(value.toFixed(1));
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

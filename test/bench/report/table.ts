/** Rows as text: a line a system and cell, and under each cell how the first system compares with the others. */
import type { Row } from './rows.js';

const columns: readonly (readonly [title: string, width: number])[] = [
  ['workload', 9],
  ['bytes', 7],
  ['in flight', 10],
  ['system', 16],
  ['ops/s', 9],
  ['± %', 6],
  ['p50 ms', 9],
  ['p99 ms', 9],
  ['p99.9 ms', 10],
  ['CPU µs/op', 10],
];

export function tableHead(): string {
  return line(columns.map(([title]) => title));
}

/** The rows of one cell. */
export function tableOf(rows: readonly Row[]): string {
  return [...rows.map(lineOf), ...ratios(rows)].join('\n');
}

function lineOf(row: Row): string {
  const spread = (100 * (row.opsPerSecondMax - row.opsPerSecondMin)) / 2 / row.opsPerSecond;
  const errors = row.errors > 0 ? `  ${row.errors} errors` : '';
  return (
    line([
      row.workload,
      String(row.valueBytes),
      String(row.inFlight),
      row.system,
      String(row.opsPerSecond),
      spread.toFixed(0),
      row.p50Ms.toFixed(2),
      row.p99Ms.toFixed(2),
      row.p999Ms.toFixed(2),
      row.cpuMicrosPerOp.toFixed(0),
    ]) + errors
  );
}

function ratios([own, ...others]: readonly Row[]): string[] {
  if (own === undefined) return [];
  return others.map((other) =>
    line([
      '',
      '',
      '',
      '  ratio',
      ...[
        own.opsPerSecond / other.opsPerSecond,
        undefined,
        own.p50Ms / other.p50Ms,
        own.p99Ms / other.p99Ms,
        own.p999Ms / other.p999Ms,
        own.cpuMicrosPerOp / other.cpuMicrosPerOp,
      ].map((ratio) => (ratio === undefined ? '' : `${ratio.toFixed(2)}x`)),
    ]),
  );
}

function line(cells: readonly string[]): string {
  return cells
    .map((cell, i) =>
      i === 3 ? `  ${cell.padEnd(columns[i]![1])}` : cell.padStart(columns[i]![1]),
    )
    .join('');
}

/**
 * Rows as text: a line a contender and cell, and under each cell how Quorate compares with the
 * others.
 */
import { isLight } from '../plan.js';
import { isOwn, labelOf, type Row } from './rows.js';

export interface Column<T> {
  readonly title: string;
  readonly width: number;
  /** Left-aligned. */
  readonly left?: true;
  readonly cell: (row: T) => string;
  /** Own divided by the peer's, where that says something. */
  readonly ratio?: (row: T) => number | null;
}

const columns: readonly Column<Row>[] = [
  { title: 'workload', width: 9, cell: (row) => row.workload },
  { title: 'bytes', width: 7, cell: (row) => String(row.valueBytes) },
  {
    title: 'load',
    width: 9,
    cell: (row) => (row.inFlight === null ? `${row.ratePerSecond}/s` : String(row.inFlight)),
  },
  { title: 'system', width: 32, left: true, cell: labelOf },
  {
    title: 'ops/s',
    width: 8,
    cell: (row) => String(row.opsPerSecond),
    ratio: (row) => row.opsPerSecond,
  },
  { title: '± %', width: 6, cell: (row) => row.spreadPercent.toFixed(0) },
  { title: 'p50 ms', width: 8, cell: (row) => row.p50Ms.toFixed(2), ratio: (row) => row.p50Ms },
  { title: 'p99 ms', width: 8, cell: (row) => row.p99Ms.toFixed(2), ratio: (row) => row.p99Ms },
  { title: 'p99.9 ms', width: 9, cell: (row) => row.p999Ms.toFixed(2), ratio: (row) => row.p999Ms },
  {
    title: 'CPU µs/op',
    width: 10,
    cell: (row) => row.cpuMicrosPerOp.toFixed(0),
    ratio: (row) => row.cpuMicrosPerOp,
  },
  {
    title: 'servers',
    width: 8,
    cell: (row) => row.serverCpuMicrosPerOp.toFixed(0),
    ratio: (row) => row.serverCpuMicrosPerOp,
  },
  { title: 'nats', width: 6, cell: (row) => row.natsCpuMicrosPerOp.toFixed(0) },
  {
    title: 'wire B/op',
    width: 10,
    cell: (row) => row.wireBytesPerOp?.toFixed(0) ?? '?',
    ratio: (row) => row.wireBytesPerOp,
  },
  { title: 'fsync/op', width: 9, cell: (row) => row.fsyncsPerOp?.toFixed(2) ?? '?' },
  {
    title: 'RSS MB',
    width: 7,
    cell: (row) => row.residentMb.toFixed(0),
    ratio: (row) => row.residentMb,
  },
];

export function tableHead(): string {
  return headOf(columns);
}

/** The rows of one cell. */
export function tableOf(rows: readonly Row[]): string {
  const own = rows.filter(isOwn);
  const peers = rows.filter((row) => !isOwn(row));
  return [
    ...rows.map((row) => lineOf(columns, row) + errorsOf(row.errorsByCode)),
    ...peers.flatMap((peer) =>
      own
        .filter(({ system }) => isLight(system) === isLight(peer.system))
        .map((row) => ratioOf(row, peer, own.length > 1)),
    ),
  ].join('\n');
}

function ratioOf(own: Row, peer: Row, many: boolean): string {
  const name = many ? `  ${labelOf(own)} : ${peer.system}` : `  : ${peer.system}`;
  return columns
    .map((column) => {
      if (column.title === 'system') return pad(column, name);
      const a = column.ratio?.(own) ?? null;
      const b = column.ratio?.(peer) ?? null;
      return pad(column, a === null || b === null || b === 0 ? '' : `${(a / b).toFixed(2)}x`);
    })
    .join('');
}

export function headOf<T>(columns: readonly Column<T>[]): string {
  return columns.map((column) => pad(column, column.title)).join('');
}

export function lineOf<T>(columns: readonly Column<T>[], row: T): string {
  return columns.map((column) => pad(column, column.cell(row))).join('');
}

/** Such as `  429 × 17, 504 × 2`. */
export function errorsOf(byCode: Readonly<Record<string, number>>): string {
  const parts = Object.entries(byCode).map(([code, count]) => `${code} × ${count}`);
  return parts.length === 0 ? '' : `  ${parts.join(', ')}`;
}

function pad(column: { readonly width: number; readonly left?: true }, text: string): string {
  return column.left === true ? `  ${text.padEnd(column.width)}` : text.padStart(column.width);
}

/**
 * Figures of a run that are no promise: how much was done, and what stayed beside what its author
 * wrote later.
 */
import type { ChangeRecord, FinalRecord, OperationRecord, Workload } from '../records.js';
import { clientErrors, errorsOfRetrying, type Survivable } from './client-errors.js';

export function figuresText(
  operations: readonly OperationRecord[],
  finals: readonly FinalRecord[],
  changes: readonly ChangeRecord[],
  survivable: Survivable,
): string {
  const rows = [...new Set(operations.map(({ workload }) => workload))].sort().map((workload) => {
    const own = operations.filter((record) => record.workload === workload);
    const writes = own.filter(({ kind }) => kind !== 'get');
    const reads = own.filter(({ kind }) => kind === 'get');
    return [
      workload.padEnd(8),
      `writes ${counts(writes)}`,
      `reads ${counts(reads)}`,
      `keys with siblings in the end ${withSiblings(finals, workload)}`,
    ].join('  ');
  });
  return [
    ...rows,
    `longest wait ${Math.round(longestMs(operations))} ms`,
    ...errorRows(operations, survivable),
    ...changeRows(changes),
  ].join('\n');
}

function errorRows(operations: readonly OperationRecord[], survivable: Survivable): string[] {
  const retried = operations.filter(({ wasRetried }) => wasRetried === true);
  const errors = errorsOfRetrying(retried).length;
  const counted = clientErrors(retried, survivable).length;
  const byError = new Map<string, number>();
  for (const { error } of operations) {
    if (error === undefined) continue;
    const code = /^\d+/.exec(error)?.[0] ?? 'no answer';
    byError.set(code, (byError.get(code) ?? 0) + 1);
  }
  const all = [...byError]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, count]) => `${count} × ${code}`);
  return [
    `a client that tries again: ${retried.length} requests, ${counted} errors, ${errors - counted} more while too many were away`,
    `all clients: ${all.join(', ') || 'no error'}`,
  ];
}

function changeRows(changes: readonly ChangeRecord[]): string[] {
  const kinds = [...new Set(changes.map(({ words: [verb = ''] }) => verb))].sort();
  return kinds.map((kind) => {
    const own = changes.filter(({ words: [verb] }) => verb === kind);
    const count = (outcome: ChangeRecord['outcome']): number =>
      own.filter((change) => change.outcome === outcome).length;
    const tookMs = own
      .flatMap(({ askedMs, endedMs }) => (endedMs === undefined ? [] : [endedMs - askedMs]))
      .sort((a, b) => a - b);
    const refused = own.filter(({ refusal }) => refusal !== undefined).length;
    return [
      kind.padEnd(8),
      `${count('done')} done, ${count('cancelled')} cancelled, ${count('unfinished')} unfinished`,
      `p50 ${seconds(tookMs[Math.floor((tookMs.length - 1) / 2)])} s, longest ${seconds(tookMs.at(-1))} s`,
      `refused at first ${refused}`,
    ].join('  ');
  });
}

function counts(records: readonly OperationRecord[]): string {
  const of = (outcome: OperationRecord['outcome']): number =>
    records.filter((record) => record.outcome === outcome).length;
  return `${of('done')} done, ${of('none')} none, ${of('unknown')} unknown`;
}

function withSiblings(finals: readonly FinalRecord[], workload: Workload): number {
  if (workload === 'set') return 0;
  return finals.filter((final) => final.workload === workload && final.shown.length > 1).length;
}

function longestMs(operations: readonly OperationRecord[]): number {
  return operations.reduce((most, { startMs, endMs }) => Math.max(most, endMs - startMs), 0);
}

function seconds(ms = 0): string {
  return (ms / 1000).toFixed(1);
}

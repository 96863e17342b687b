/**
 * Figures of a run that are no promise: how much was done, and what stayed beside what its author
 * wrote later.
 */
import type { FinalRecord, OperationRecord, Workload } from '../records.js';

export function figuresText(
  operations: readonly OperationRecord[],
  finals: readonly FinalRecord[],
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
  return [...rows, `longest wait ${Math.round(longestMs(operations))} ms`].join('\n');
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

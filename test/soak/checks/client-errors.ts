/**
 * A client that tries again until its deadline sees no error, whatever happens to the membership:
 * but for times when more were away at once than a quorum can do without.
 */
import type { OperationRecord, Outage, Violation } from '../records.js';

export interface Survivable {
  readonly outages: readonly Outage[];
  /** Nodes that can be away at once: of requests that count primaries alone, and of others. */
  readonly awayMax: { readonly strict: number; readonly sloppy: number };
}

interface Window {
  readonly startMs: number;
  readonly endMs: number;
}

/** Until the others have heard of who is back. */
const heardMsMax = 3_000;
/** In that time everybody has noticed who hangs, and a request that is tried again is served. */
const enoughMs = 10_000;
/** The request is wrong, or too much for one key: other rules judge that. */
const isItsOwnFault = /^4(?:00|09|13) /;

export function errorsOfRetrying(operations: readonly OperationRecord[]): OperationRecord[] {
  return operations.filter(
    ({ wasRetried, outcome, error }) =>
      wasRetried === true && outcome !== 'done' && !isItsOwnFault.test(error ?? ''),
  );
}

export function clientErrors(
  operations: readonly OperationRecord[],
  { outages, awayMax }: Survivable,
): Violation[] {
  const tooMany = {
    strict: windowsOf(outages, awayMax.strict),
    sloppy: windowsOf(outages, awayMax.sloppy),
  };
  return errorsOfRetrying(operations).flatMap((operation) => {
    const { workload, key, client, kind, strict, startMs, endMs, error } = operation;
    const calmMs = longestCalmMs(operation, strict === true ? tooMany.strict : tooMany.sloppy);
    if (calmMs < Math.min(enoughMs, endMs - startMs)) return [];
    const what = `${client} was told at ${endMs} of a ${kind} begun at ${startMs}: ${error}`;
    return [{ rule: 'client-errors', key: `${workload}/${key}`, what }];
  });
}

/** When more nodes were away, or a server, or something was wrong with a link; ascending. */
function windowsOf(outages: readonly Outage[], awayMax: number): Window[] {
  const edges = outages
    .flatMap((outage) => [
      { atMs: outage.startMs, outage, begins: true },
      { atMs: outage.endMs + heardMsMax, outage, begins: false },
    ])
    .sort((a, b) => a.atMs - b.atMs);
  const open = new Set<Outage>();
  const windows: Window[] = [];
  let sinceMs: number | undefined;
  for (const { atMs, outage, begins } of edges) {
    if (begins) open.add(outage);
    else open.delete(outage);
    if (isTooMany(open, awayMax)) sinceMs ??= atMs;
    else if (sinceMs !== undefined) {
      windows.push({ startMs: sinceMs, endMs: atMs });
      sinceMs = undefined;
    }
  }
  return windows;
}

function isTooMany(open: ReadonlySet<Outage>, awayMax: number): boolean {
  const away = new Set<string>();
  for (const { hosts } of open) {
    const [node, ...others] = hosts;
    if (others.length > 0 || node?.startsWith('n') !== true) return true;
    away.add(node);
  }
  return away.size > awayMax;
}

/** Of the time the request had. */
function longestCalmMs({ startMs, endMs }: OperationRecord, windows: readonly Window[]): number {
  let longestMs = 0;
  let fromMs = startMs;
  for (const window of windows) {
    if (window.endMs <= fromMs) continue;
    if (window.startMs >= endMs) break;
    longestMs = Math.max(longestMs, window.startMs - fromMs);
    fromMs = window.endMs;
  }
  return Math.max(longestMs, endMs - fromMs);
}

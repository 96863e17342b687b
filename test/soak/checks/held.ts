/**
 * What `src/guide/limits.md` says of puts that don't say until when: one that lay in the link of
 * its client, or in a nats-server that stood still while its nodes left it, may be done when that
 * goes on. Nothing in the message tells, and no word of a node comes with it. An answer does not
 * tell either: while somebody hangs NATS gives a put to two nodes, and the one may refuse it
 * (`unknown`) while the other's copy lies there.
 */
import type { OperationRecord, WriteName } from '../records.js';

/** While it lasted, messages were held: of that client, or of everybody. */
export interface Hold {
  readonly startMs: number;
  readonly endMs: number;
  readonly client?: string;
}

/**
 * From a hold's end until what it held has arrived: TCP tries again after as long as it was cut
 * off, at most.
 */
const slackMs = 2_000;

/** Write → until when it may be done. */
export function lateWrites(
  operations: readonly OperationRecord[],
  holds: readonly Hold[],
): ReadonlyMap<WriteName, number> {
  const late = new Map<WriteName, number>();
  for (const write of operations) {
    if (write.name === undefined || write.outcome !== 'unknown' || write.isUndated !== true)
      continue;
    const untilMs = heldUntilMs(write, holds);
    if (untilMs > write.endMs) late.set(write.name, untilMs);
  }
  return late;
}

function heldUntilMs({ client, startMs, endMs }: OperationRecord, holds: readonly Hold[]): number {
  let untilMs = endMs;
  for (const hold of holds) {
    const isItsOwn = hold.client === undefined || hold.client === client;
    if (!isItsOwn || hold.startMs > untilMs || hold.endMs < startMs) continue;
    const forMs = hold.client === undefined ? 0 : hold.endMs - hold.startMs;
    untilMs = Math.max(untilMs, hold.endMs + forMs + slackMs);
  }
  return untilMs;
}

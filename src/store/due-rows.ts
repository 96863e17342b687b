/**
 * The table `due`: a row for each record of the table `records` with which something is to be done
 * when time has passed. Its key: u8 kind · u32 second (`due.ts`) · storage key.
 */
import type { ByteString, StorageKey } from '../../actors/rules/key.js';
import type { Due } from './due.js';

export const dueKinds = { expires: 1, dead: 2 } as const;
export type DueKind = keyof typeof dueKinds;

const headBytes = 5;

/** No value is needed: but an empty one some tables do not take. */
export const dueRow = Buffer.from([0]);

export function dueRowOf(due: Due, key: StorageKey): ByteString {
  return head(due > 0 ? 'expires' : 'dead', Math.abs(due)) + key;
}

/** In front of all rows of that second and kind. */
export function dueRowsFrom(kind: DueKind, second: number): ByteString {
  return head(kind, second);
}

export function ofDueRow(row: ByteString): { readonly due: Due; readonly key: StorageKey } {
  let second = 0;
  for (let i = 1; i < headBytes; i++) second = second * 256 + row.charCodeAt(i);
  const due = row.charCodeAt(0) === dueKinds.expires ? second : -second;
  return { due, key: row.slice(headBytes) };
}

function head(kind: DueKind, second: number): ByteString {
  return String.fromCharCode(
    dueKinds[kind],
    second >>> 24,
    (second >>> 16) & 0xff,
    (second >>> 8) & 0xff,
    second & 0xff,
  );
}

/**
 * What several nodes list of one span of keys becomes one list: a key is there if any of them has
 * it, and where they hold different states of it, only a read tells whether it shows a value.
 */
import type { ByteString } from './key.js';

/** As one node lists them: in order, columns of one length. */
export interface NodeList {
  readonly keys: readonly ByteString[];
  /** Halves of the digests of their states. */
  readonly his: readonly number[];
  readonly los: readonly number[];
  readonly shown: readonly boolean[];
  /** To the end of the span; else up to its last key. */
  readonly isWhole: boolean;
}

export interface MergedList {
  readonly keys: readonly ByteString[];
  /** Whether each shows a value; undefined: they differ. */
  readonly shown: readonly (boolean | undefined)[];
  /** All keys up to it are here, the end of the span where it is undefined. */
  readonly upTo: ByteString | undefined;
}

/** `lists`: one at least; none of them is empty and not whole. */
export function mergedList(lists: readonly NodeList[]): MergedList {
  const [first, ...others] = lists;
  const upTo = coveredBy(lists);
  if (others.length === 0) return { keys: first!.keys, shown: first!.shown, upTo };
  const at = lists.map(() => 0);
  const keys: ByteString[] = [];
  const shown: (boolean | undefined)[] = [];
  for (;;) {
    const key = least(lists, at);
    if (key === undefined || (upTo !== undefined && key > upTo)) return { keys, shown, upTo };
    keys.push(key);
    shown.push(shownBy(lists, at, key));
  }
}

function coveredBy(lists: readonly NodeList[]): ByteString | undefined {
  let upTo: ByteString | undefined;
  for (const { isWhole, keys } of lists) {
    const last = keys.at(-1);
    if (!isWhole && (upTo === undefined || last! < upTo)) upTo = last;
  }
  return upTo;
}

function least(lists: readonly NodeList[], at: readonly number[]): ByteString | undefined {
  let key: ByteString | undefined;
  for (const [i, list] of lists.entries()) {
    const next = list.keys[at[i]!];
    if (next !== undefined && (key === undefined || next < key)) key = next;
  }
  return key;
}

/** Steps over the key wherever it is. */
function shownBy(lists: readonly NodeList[], at: number[], key: ByteString): boolean | undefined {
  let shows: boolean | undefined;
  let [hi, lo, count] = [0, 0, 0];
  let isSame = true;
  for (const [i, list] of lists.entries()) {
    const index = at[i]!;
    if (list.keys[index] !== key) continue;
    at[i]!++;
    if (count === 0) [hi, lo, shows] = [list.his[index]!, list.los[index]!, list.shown[index]];
    else if (hi !== list.his[index] || lo !== list.los[index]) isSame = false;
    count++;
  }
  return isSame && count === lists.length ? shows : undefined;
}

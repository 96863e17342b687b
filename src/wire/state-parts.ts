/**
 * Key states that are larger than a message, in parts that are not.
 *
 * A put that would make a state larger than `limits.stateBytesMax` is refused, but coordinators
 * that do not hear each other may each take what fits, and merge never drops anything. A part is a
 * state in its own right: some actors' context entries with all siblings of just these actors. What
 * it claims of them holds, and it claims nothing of others, so it can be merged alone, in any
 * order; merged together the parts are the whole. An actor's siblings were all held by the node
 * that minted them when it minted the last one, so they fit by the bound it kept.
 */
import type { StorageKey } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import type { Actor, Dot, KeyState, Sibling } from '../../actors/rules/versions.js';
import { emptyState } from '../../actors/rules/versions.js';
import { decodeState, encodedStateBytes, encodeState } from './key-state-codec.js';
import { encodeBatch, type BatchRecord } from './state-batch.js';

const emptyBytes = encodedStateBytes(emptyState);

/**
 * The state itself when it fits. Entries without siblings come last: what covers comes before what
 * is covered goes, so that between two parts nothing is missing.
 */
export function statePartsOf(state: KeyState, bytesMax: number): readonly KeyState[] {
  if (encodedStateBytes(state) <= bytesMax) return [state];
  const siblingsOf = new Map<Actor, Sibling[]>();
  for (const sibling of state.siblings) {
    const own = siblingsOf.get(sibling.dot.actor);
    if (own === undefined) siblingsOf.set(sibling.dot.actor, [sibling]);
    else own.push(sibling);
  }
  const parts: KeyState[] = [];
  let part: { readonly context: Dot[]; readonly siblings: Sibling[] } | undefined;
  let bytes = 0;
  const add = (entry: Dot, own: readonly Sibling[]): void => {
    const more = encodedStateBytes({ context: [entry], siblings: own }) - emptyBytes;
    if (part === undefined || bytes + more > bytesMax) {
      if (part !== undefined) parts.push(inOrder(part));
      part = { context: [], siblings: [] };
      bytes = emptyBytes;
    }
    part.context.push(entry);
    part.siblings.push(...own);
    bytes += more;
  };
  for (const entry of state.context) {
    const own = siblingsOf.get(entry.actor);
    if (own !== undefined) add(entry, own);
  }
  for (const entry of state.context) if (!siblingsOf.has(entry.actor)) add(entry, []);
  if (part !== undefined) parts.push(inOrder(part));
  return parts;
}

function inOrder({ context, siblings }: { context: Dot[]; siblings: Sibling[] }): KeyState {
  return { context: context.sort((a, b) => (a.actor < b.actor ? -1 : 1)), siblings };
}

/** The encoded state in encoded parts that each fit a message. */
export function statePartsOfBytes(bytes: Buffer): readonly Buffer[] {
  if (bytes.length <= limits.stateBytesMax) return [bytes];
  return statePartsOf(decodeState(bytes), limits.stateBytesMax).map(encodeState);
}

/** As batches for merge messages: one, unless a state among them is larger than a message. */
export function batchesOfRecords(records: readonly BatchRecord[]): Buffer[] {
  const small = records.filter(({ bytes }) => bytes.length <= limits.stateBytesMax);
  const large = records.filter(({ bytes }) => bytes.length > limits.stateBytesMax);
  const batches = small.length > 0 || large.length === 0 ? [encodeBatch(small)] : [];
  for (const { key, bytes } of large)
    for (const part of statePartsOfBytes(bytes)) batches.push(encodeBatch([{ key, bytes: part }]));
  return batches;
}

/** As `BatchRecord`s that each fit a message. */
export function recordsOf(key: StorageKey, bytes: Buffer): BatchRecord[] {
  return statePartsOfBytes(bytes).map((part) => ({ key, bytes: part }));
}

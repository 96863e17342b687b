/**
 * Looks into the stores of nodes that run, at once and without a message: for oracles that must
 * know what is held at the moment something is said of it.
 */
import { ringOf, type Ring } from '../../../actors/rules/ring.js';
import type { Configuration, Place } from '../../../actors/rules/configuration.js';
import type { StorageKey } from '../../../actors/rules/key.js';
import type { Digest } from '../../../actors/rules/versions.js';
import type { QuorateNode } from '../../../src/node/quorate-node.js';
import type { Store } from '../../../src/store/store.js';
import { isPart, nameOf, readState, type SeenState } from '../oracle/message-reader.js';
import type { Held, Owners } from '../oracle/move-oracle.js';
import type { SeenTree } from '../oracle/tree-reader.js';
import type { SimNode } from './sim-node.js';

/** More keys than any partition of a simulated cluster has. */
const keysMax = 100_000;

/** undefined: it does not run, or has not read its disk yet. */
export function heldBy({ node, hasRead }: SimNode, partition: number): Held | undefined {
  if (node === undefined || !hasRead) return undefined;
  const held = new Map<string, SeenState>();
  const store = storeOf(node);
  for (const { key } of store.scan({ partition, limit: keysMax })) {
    if (isPart(key)) continue;
    const state = stateIn(store, key);
    if (state !== undefined) held.set(nameOf(key), state);
  }
  return held;
}

/** All that a node holds of a partition, parts too, encoded; undefined as for `heldBy`. */
export function statesOf(
  { node, hasRead }: SimNode,
  partition: number,
): ReadonlyMap<StorageKey, Buffer> | undefined {
  if (node === undefined || !hasRead) return undefined;
  const store = storeOf(node);
  const keys = store.scan({ partition, limit: keysMax }).map(({ key }) => key);
  return new Map(keys.map((key) => [key, Buffer.from(store.peek(key)!.bytes)]));
}

/** A node's hash tree of a partition, and what it holds there; undefined as for `heldBy`. */
export function treeOf({ node, hasRead }: SimNode, partition: number): SeenTree | undefined {
  if (node === undefined || !hasRead) return undefined;
  const store = storeOf(node);
  const keys = store.scan({ partition, limit: keysMax });
  const digests = new Map(keys.map(({ key, digest }) => [key, bytesOf(digest)]));
  return { leaves: Buffer.concat(store.trees.leafDigests(partition).map(bytesOf)), digests };
}

function bytesOf({ hi, lo }: Digest): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(hi >>> 0, 0);
  bytes.writeUInt32BE(lo >>> 0, 4);
  return bytes;
}

/** Told before states go from a store, by partition, with the states as they are. */
export function onDropped(
  node: QuorateNode,
  dropped: (partition: number, states: Held) => void,
): void {
  const store = storeOf(node);
  const remove = store.remove.bind(store);
  store.remove = (records, onDurable) => {
    tellGone(store, keysOf(records), () => remove(records, onDurable), dropped);
  };
  const { hints } = store;
  const settle = hints.settle.bind(hints);
  hints.settle = (target, delivered, onDurable) => {
    tellGone(store, keysOf(delivered), () => settle(target, delivered, onDurable), dropped);
  };
}

function tellGone(
  store: Store,
  keys: readonly StorageKey[],
  change: () => void,
  dropped: (partition: number, states: Held) => void,
): void {
  const before = new Map<StorageKey, SeenState>();
  for (const key of keys) {
    const state = stateIn(store, key);
    if (state !== undefined) before.set(key, state);
  }
  change();
  const gone = new Map<number, Map<string, SeenState>>();
  for (const [key, state] of before) {
    if (isPart(key) || store.peek(key) !== undefined) continue;
    const partition = (key.charCodeAt(0) << 8) | key.charCodeAt(1);
    const states = gone.get(partition) ?? new Map<string, SeenState>();
    gone.set(partition, states.set(nameOf(key), state));
  }
  for (const [partition, states] of gone) dropped(partition, states);
}

function keysOf(records: readonly { readonly key: StorageKey }[]): StorageKey[] {
  return records.map(({ key }) => key);
}

/** A copy: the store lends its bytes for a turn. */
function stateIn(store: Store, key: StorageKey): SeenState | undefined {
  const record = store.peek(key);
  return record && readState(Buffer.from(record.bytes));
}

/** A node of this process is the product's own, and has one. */
function storeOf(node: QuorateNode): Store {
  return (node as unknown as { readonly store: Store }).store;
}

/** Who owns what by a configuration. */
export class OwnersSeen {
  private readonly rings = new Map<string, Ring>();

  of(configuration: Configuration, partition: number, n: number): Owners {
    const { members, ring, move, partitions } = configuration;
    const before = this.ring(members, { ring, partitions }).preferenceList(partition).slice(0, n);
    if (move === undefined) return { before, after: [] };
    const list = this.ring(move.members, { ring: move.ring, partitions }).preferenceList(partition);
    const after = list.slice(0, n);
    const isSame = after.length === before.length && after.every((node) => before.includes(node));
    return { before, after: isSame ? [] : after };
  }

  private ring(
    places: readonly Place[],
    { ring, partitions }: Pick<Configuration, 'ring' | 'partitions'>,
  ): Ring {
    const key = JSON.stringify([ring, partitions, places]);
    let known = this.rings.get(key);
    if (known === undefined) {
      const holders = places.filter(({ weight }) => weight > 0);
      this.rings.set(key, (known = ringOf(holders, partitions, ring)));
    }
    return known;
  }
}

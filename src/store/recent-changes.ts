/**
 * Which keys changed last, numbered from the start of this process on: what a watch asks for with
 * "what came after number s?". In memory, and bounded; a change costs a few stores, whether anybody
 * follows or not. The numbers say nothing to another life of the node.
 */
import type { StorageKey } from '../../actors/rules/key.js';
import { watchLimits } from '../../actors/rules/limits/watch.js';

export interface RecentChangesBounds {
  /** A power of two. */
  readonly changesKeptMax: number;
  readonly changedKeyBytesMax: number;
}

/** Twice as many with every growth: a power of two. */
const changesKeptAtFirst = 16;

export class RecentChanges {
  /** The number of the last change; 0: there was none. */
  last = 0;
  /** Changes up to this one can't be told any more. */
  forgotten = 0;
  /** A ring, which grows as it fills: most lives of a node never need all of it. */
  private keys: (StorageKey | undefined)[];
  private mask: number;
  private bytes = 0;
  private readonly byPartition: Float64Array;
  private waiting: (() => void)[] = [];

  constructor(
    partitions: number,
    private readonly bounds: RecentChangesBounds = watchLimits,
  ) {
    this.keys = Array.from({ length: Math.min(changesKeptAtFirst, bounds.changesKeptMax) });
    this.mask = this.keys.length - 1;
    this.byPartition = new Float64Array(partitions);
  }

  /** `key`: undefined where something went that nobody needs to hear of, as a tombstone does. */
  add(partition: number, key: StorageKey | undefined): void {
    const at = ++this.last;
    if (at - this.forgotten > this.keys.length) this.makeRoom();
    this.keys[at & this.mask] = key;
    if (key !== undefined) this.bytes += key.length;
    while (this.bytes > this.bounds.changedKeyBytesMax) this.forget();
    this.byPartition[partition] = at;
    if (this.waiting.length > 0) for (const listener of this.waiting.splice(0)) listener();
  }

  private makeRoom(): void {
    const before = this.keys;
    if (before.length === this.bounds.changesKeptMax) return this.forget();
    // All of it is in use. Twice over, each change is where the greater mask finds it as well, and
    // those that come next have the places of the others.
    this.keys = [...before, ...before];
    this.mask = this.keys.length - 1;
    for (let next = 0; next < before.length; next++)
      this.keys[(this.last + next) & this.mask] = undefined;
  }

  private forget(): void {
    const at = ++this.forgotten & this.mask;
    const key = this.keys[at];
    if (key === undefined) return;
    this.bytes -= key.length;
    this.keys[at] = undefined;
  }

  /** Of a number above `forgotten`, up to `last`. */
  keyOf(change: number): StorageKey | undefined {
    return this.keys[change & this.mask];
  }

  /** The number of the last change of the partition; 0: there was none. */
  lastOf(partition: number): number {
    return this.byPartition[partition]!;
  }

  /** Called once, with the next change, within the write. */
  onNext(listener: () => void): void {
    this.waiting.push(listener);
  }

  /** As if it had not been asked for. */
  offNext(listener: () => void): void {
    this.waiting = this.waiting.filter((other) => other !== listener);
  }
}

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

export class RecentChanges {
  /** The number of the last change; 0: there was none. */
  last = 0;
  /** Changes up to this one can't be told any more. */
  forgotten = 0;
  private readonly keys: (StorageKey | undefined)[];
  private readonly mask: number;
  private bytes = 0;
  private readonly byPartition: Float64Array;
  private waiting: (() => void)[] = [];

  constructor(
    partitions: number,
    private readonly bounds: RecentChangesBounds = watchLimits,
  ) {
    this.keys = Array.from({ length: bounds.changesKeptMax });
    this.mask = bounds.changesKeptMax - 1;
    this.byPartition = new Float64Array(partitions);
  }

  /** `key`: undefined where something went that nobody needs to hear of, as a tombstone does. */
  add(partition: number, key: StorageKey | undefined): void {
    const at = ++this.last;
    if (at - this.forgotten > this.keys.length) this.forget();
    this.keys[at & this.mask] = key;
    if (key !== undefined) this.bytes += key.length;
    while (this.bytes > this.bounds.changedKeyBytesMax) this.forget();
    this.byPartition[partition] = at;
    if (this.waiting.length > 0) for (const listener of this.waiting.splice(0)) listener();
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

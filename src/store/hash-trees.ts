/**
 * One hash tree a partition: a root over 64 leaves. A leaf is the XOR of the mixed (key, digest) of
 * its keys, so a write changes it in constant time and the order of writes does not matter.
 *
 * The row of a partition in the `trees` table also carries what else must agree with its records at
 * a flush: the log sequence they cover and the number of keys.
 *
 *   u48 covered · u32 keys · leaves × (u32 hi, u32 lo) · u32 CRC-32C
 */
import { crc32c } from '@node-rs/crc32';
import type { StorageKey } from '../../actors/rules/key.js';
import { mixed } from '../../actors/rules/hash.js';
import { emptyDigest, type Digest } from '../../actors/rules/versions.js';
import { hashOfKey, type KeyHash } from './key-hash.js';
import type { Trees } from './store.js';

export const leavesOfTree = 64;
const cellsOfTree = leavesOfTree * 2;
const headBytes = 6 + 4;
const rowBytes = headBytes + cellsOfTree * 4 + 4;

export class HashTrees implements Trees {
  readonly leaves = leavesOfTree;
  private readonly cells: Uint32Array;
  private readonly keyCounts: Uint32Array;
  private keysTotal = 0;

  constructor(readonly partitions: number) {
    this.cells = new Uint32Array(partitions * cellsOfTree);
    this.keyCounts = new Uint32Array(partitions);
  }

  get keys(): number {
    return this.keysTotal;
  }

  keysOf(partition: number): number {
    return this.keyCounts[partition]!;
  }

  /**
   * One key went from a digest to another, halves signed or not; undefined: it was, or is, absent.
   */
  change(
    key: KeyHash & { readonly partition: number },
    before: Digest | undefined,
    after: Digest | undefined,
  ): void {
    const { partition } = key;
    const cell = (partition * leavesOfTree + leafOf(key)) * 2;
    if (before !== undefined) {
      this.toggle(cell, key, before);
      this.keyCounts[partition]! -= 1;
      this.keysTotal -= 1;
    }
    if (after !== undefined) {
      this.toggle(cell, key, after);
      this.keyCounts[partition]! += 1;
      this.keysTotal += 1;
    }
  }

  private toggle(cell: number, hash: KeyHash, digest: Digest): void {
    this.cells[cell]! ^= mixed(hash.lo ^ Math.imul(digest.hi, 0x9e3779b1) ^ digest.lo);
    this.cells[cell + 1]! ^= mixed(hash.hi ^ Math.imul(digest.lo, 0x85ebca77) ^ digest.hi);
  }

  leafOf(key: StorageKey): number {
    return leafOf(hashOfKey(key));
  }

  leafDigests(partition: number): Digest[] {
    const digests: Digest[] = [];
    for (let leaf = 0; leaf < leavesOfTree; leaf++) {
      const cell = (partition * leavesOfTree + leaf) * 2;
      digests.push({ hi: this.cells[cell]!, lo: this.cells[cell + 1]! });
    }
    return digests;
  }

  /** `emptyDigest` for a partition without keys. */
  root(partition: number): Digest {
    const start = partition * cellsOfTree;
    let hi = 0;
    let lo = 0;
    let any = 0;
    for (let i = start; i < start + cellsOfTree; i += 2) {
      any |= this.cells[i]! | this.cells[i + 1]!;
      hi = mixed(Math.imul(hi, 31) ^ this.cells[i]!);
      lo = mixed(Math.imul(lo, 31) ^ this.cells[i + 1]!);
    }
    return any === 0 ? emptyDigest : { hi, lo };
  }

  /** As it is now, for a flush that takes a while. */
  freeze(): FrozenTrees {
    return new FrozenTrees(this.cells.slice(), this.keyCounts.slice());
  }

  /** Takes over a row of the table; the covered sequence, or undefined when the row is damaged. */
  load(partition: number, row: Buffer): number | undefined {
    if (row.length !== rowBytes) return undefined;
    if (crc32c(row.subarray(0, rowBytes - 4)) !== row.readUInt32BE(rowBytes - 4)) return undefined;
    const keys = row.readUInt32BE(6);
    this.keysTotal += keys - this.keyCounts[partition]!;
    this.keyCounts[partition] = keys;
    for (let i = 0; i < cellsOfTree; i++)
      this.cells[partition * cellsOfTree + i] = row.readUInt32BE(headBytes + i * 4);
    return row.readUIntBE(0, 6);
  }

  /**
   * Puts what was computed from scratch in the place of what is held. Returns the difference, which
   * every frozen form taken before has as well.
   */
  replace(partition: number, scratch: HashTrees): TreeDifference {
    const start = partition * cellsOfTree;
    const cells = new Uint32Array(cellsOfTree);
    for (let i = 0; i < cellsOfTree; i++) {
      cells[i] = this.cells[start + i]! ^ scratch.cells[start + i]!;
      this.cells[start + i] = scratch.cells[start + i]!;
    }
    const keys = scratch.keyCounts[partition]! - this.keyCounts[partition]!;
    this.keyCounts[partition]! += keys;
    this.keysTotal += keys;
    return { partition, cells, keys };
  }
}

function leafOf(hash: KeyHash): number {
  return (hash.hi >>> 0) % leavesOfTree;
}

export interface TreeDifference {
  readonly partition: number;
  readonly cells: Uint32Array;
  readonly keys: number;
}

export class FrozenTrees {
  constructor(
    private readonly cells: Uint32Array,
    private readonly keyCounts: Uint32Array,
  ) {}

  apply(difference: TreeDifference): void {
    const start = difference.partition * cellsOfTree;
    for (let i = 0; i < cellsOfTree; i++) this.cells[start + i]! ^= difference.cells[i]!;
    this.keyCounts[difference.partition]! += difference.keys;
  }

  row(partition: number, covered: number): Buffer {
    const row = Buffer.allocUnsafe(rowBytes);
    row.writeUIntBE(covered, 0, 6);
    row.writeUInt32BE(this.keyCounts[partition]!, 6);
    for (let i = 0; i < cellsOfTree; i++)
      row.writeUInt32BE(this.cells[partition * cellsOfTree + i]!, headBytes + i * 4);
    row.writeUInt32BE(crc32c(row.subarray(0, rowBytes - 4)), rowBytes - 4);
    return row;
  }
}

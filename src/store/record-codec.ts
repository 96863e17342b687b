/**
 * A record as a value of the `records` table: u48 mark · u32 CRC-32C of the state, seeded with the
 * mark · state bytes.
 */
import { crc32c } from '@node-rs/crc32';
import type { StorageKey } from '../../actors/rules/key.js';
import type { Digest, KeyState } from '../../actors/rules/versions.js';
import { EncodedState, stateIn } from '../wire/encoded-state.js';
import { dueOf, type Due } from './due.js';
import type { HeldRecord } from './store.js';

const markBytes = 6;
const cacheLineBytes = 64;
const stateAt = markBytes + 4;

/**
 * Replicas hold most records without ever looking into them, so the state is decoded when somebody
 * asks. One object a record, of small integers: views and digests are made when somebody asks, too,
 * and not kept for the collector to walk.
 */
export class Held extends EncodedState implements HeldRecord {
  /** Halves of the digest, signed: those V8 keeps in an object without a box. */
  readonly hi: number;
  readonly lo: number;

  private constructor(
    { source, start, length }: EncodedState,
    readonly mark: number,
    hi: number,
    lo: number,
    readonly due: Due,
  ) {
    super(source, start, length);
    this.hi = hi;
    this.lo = lo;
  }

  /** Throws `MalformedError` unless the bytes are one whole state. */
  static of(state: EncodedState, mark = 0): Held {
    const { hi, lo } = state.checkedDigest();
    return new Held(state, mark, hi | 0, lo | 0, dueOf(state));
  }

  marked(mark: number): Held {
    return mark === this.mark ? this : new Held(this, mark, this.hi, this.lo, this.due);
  }

  hasDigestOf(other: Held): boolean {
    return this.hi === other.hi && this.lo === other.lo;
  }

  /** Of the cache lines that a merge, a mint and a get look at; means nothing. */
  get head(): number {
    const { source, start, length } = this;
    return source[start]! ^ source[start + Math.min(cacheLineBytes, length - 1)]!;
  }

  get span(): EncodedState {
    return this;
  }

  /** Of its own memory. */
  copy(): Held {
    const { mark, hi, lo, due } = this;
    return new Held(stateIn(Buffer.from(this.bytes)), mark, hi, lo, due);
  }

  get digest(): Digest {
    return { hi: this.hi >>> 0, lo: this.lo >>> 0 };
  }

  /**
   * Decoded anew each time: kept, the objects of what a walk over all keys meets would take more
   * than the records.
   */
  get state(): KeyState {
    return this.decode();
  }
}

export function encodedRecordBytes(record: Held): number {
  return stateAt + record.length;
}

/** Writes at `at`, where `encodedRecordBytes` are left, and returns what was written as a view. */
export function encodeRecord(record: Held, target: Buffer, at: number): Buffer {
  const { mark, bytes } = record;
  target.writeUIntBE(mark, at, markBytes);
  target.writeUInt32BE(checksum(mark, bytes), at + markBytes);
  target.set(bytes, at + stateAt);
  return target.subarray(at, at + stateAt + bytes.length);
}

/** Undefined when the bytes are not what was written. */
export function decodeRecord(value: Buffer): Held | undefined {
  if (value.length < stateAt) return undefined;
  const mark = value.readUIntBE(0, markBytes);
  const bytes = value.subarray(stateAt);
  if (checksum(mark, bytes) !== value.readUInt32BE(markBytes)) return undefined;
  try {
    return Held.of(stateIn(bytes), mark);
  } catch {
    // A flip in the mark and one in the state's first bytes can cancel out in the sum.
    return undefined;
  }
}

/** The mark is where the sum starts: one call instead of two, and any of its bits still counts. */
function checksum(mark: number, state: Buffer): number {
  return crc32c(state, ((mark >>> 0) ^ Math.floor(mark / 2 ** 32)) >>> 0);
}

/** Bounds of a partition's keys in any table whose keys are storage keys. */
export function partitionStart(partition: number): StorageKey {
  return String.fromCharCode(partition >> 8, partition & 0xff);
}

/** Exclusive. Partitions end below 65535, so the two bytes always have a successor. */
export function partitionEnd(partition: number): StorageKey {
  return partitionStart(partition + 1);
}

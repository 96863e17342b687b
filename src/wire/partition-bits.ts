/** A set of partitions, a bit each; the first partition is the highest bit of the first byte. */
import { MalformedError } from '../errors.js';
import { isBin } from './columns.js';
import type { WireValue } from './message-pack.js';

export function partitionBits(partitions: Iterable<number>, count: number): Buffer {
  const bits = Buffer.alloc(Math.ceil(count / 8));
  for (const partition of partitions) bits[partition >> 3]! |= 0x80 >> (partition & 7);
  return bits;
}

/** Ascending. `count`: how many there are. Throws `MalformedError`. */
export function partitionsOf(bits: WireValue | undefined, count: number): number[] {
  if (!isBin(bits) || bits.length !== Math.ceil(count / 8))
    throw new MalformedError('not a bit for each partition');
  const partitions: number[] = [];
  for (let partition = 0; partition < count; partition++)
    if ((bits[partition >> 3]! & (0x80 >> (partition & 7))) !== 0) partitions.push(partition);
  return partitions;
}

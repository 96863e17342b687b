/**
 * The verb `count`: what a node holds of a bucket in a partition, a bounded number of keys a
 * question. For whoever wants to know how large a bucket is; nothing is decided by it.
 */
import type { ByteString, StorageKey } from '../../../actors/rules/key.js';
import { limits } from '../../../actors/rules/limits.js';
import { MalformedError } from '../../errors.js';
import type { BucketCounts } from '../bucket-form.js';
import { isBin, isInt } from '../columns.js';
import { latin1Of } from '../text.js';
import type { WireValue } from '../wire-value.js';
import { asAnswer, asRequest, type Answer, type Request } from './bodies.js';

export interface CountQuestion {
  readonly bucket: ByteString;
  readonly partition: number;
  /** Exclusive; '': from the first key on. */
  readonly after: StorageKey;
}

export interface Counted extends BucketCounts {
  /** Where to go on; '': that is all. */
  readonly upTo: StorageKey;
}

export function countBody({ bucket, partition, after }: CountQuestion): Request<'count'> {
  return asRequest([Buffer.from(bucket, 'latin1'), partition, Buffer.from(after, 'latin1')]);
}

/** Throws `MalformedError`. */
export function countOf(body: readonly WireValue[], partitions: number): CountQuestion {
  const [bucket, partition, after] = body;
  if (body.length !== 3 || !isBin(bucket) || !isBin(after) || !isInt(partition))
    throw new MalformedError('not a question of how large a bucket is');
  const isKnown = partition >= 0 && partition < partitions;
  if (!isKnown || bucket.length > limits.bucketBytesMax || after.length > limits.storageKeyBytesMax)
    throw new MalformedError('a count of no bucket or partition there is');
  return { bucket: latin1Of(bucket), partition, after: latin1Of(after) };
}

export function countedBody(counted: Counted): Answer<'count'> {
  const { keys, bytes, tombstones, siblings, hints, upTo } = counted;
  return asAnswer([keys, bytes, tombstones, siblings, hints, Buffer.from(upTo, 'latin1')]);
}

/** Behind `after`, so that who asks comes to an end. Throws `MalformedError`. */
export function countedOf(body: readonly WireValue[], after: StorageKey): Counted {
  const [keys, bytes, tombstones, siblings, hints, upTo] = body;
  const areCounts = [keys, bytes, tombstones, siblings, hints].every(isCount);
  if (body.length !== 6 || !areCounts || !isBin(upTo)) throw new MalformedError('no counts');
  const last = latin1Of(upTo);
  if (last !== '' && last <= after) throw new MalformedError('counts that do not go on');
  const [k, b, t, s, h] = body as number[];
  return { keys: k!, bytes: b!, tombstones: t!, siblings: s!, hints: h!, upTo: last };
}

function isCount(value: WireValue | undefined): boolean {
  return isInt(value) && value >= 0;
}

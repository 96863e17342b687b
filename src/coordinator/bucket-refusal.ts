/** Why nothing is done in a bucket, for whoever asked for it. */
import type { ByteString } from '../../actors/rules/key.js';
import type { BucketTerms } from '../buckets/buckets.js';
import { BucketRefusedError, type QuorateError } from '../errors.js';
import { shownName } from '../wire/shown-bytes.js';

export function bucketRefusal(
  why: NonNullable<BucketTerms['refused']>,
  { bucket }: { readonly bucket: ByteString },
): QuorateError {
  const name = shownName(bucket);
  return new BucketRefusedError(
    why === 'closing'
      ? `bucket ${name} is being removed: wait until quorate bucket ls shows it no more, or take another name`
      : `there is no bucket ${name}, and this cluster takes declared ones alone: quorate bucket create ${name}`,
  );
}

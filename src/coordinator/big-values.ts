/** What coordinators refuse of big values: uploads that are over, values beyond their bucket. */
import type { BucketOptions } from '../../actors/rules/bucket.js';
import { isPartBucket, storageKeyOf } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import {
  givenUpIndex,
  partBucket,
  partKey,
  partNameOf,
  type UploadId,
} from '../../actors/rules/part-names.js';
import { uploadRefusal, type UploadTimes } from '../../actors/rules/parts.js';
import type { KeyState, Sibling } from '../../actors/rules/versions.js';
import { MalformedError, TooLargeError, UploadError, type QuorateError } from '../errors.js';
import type { Store } from '../store/store.js';
import { asBuffer } from '../wire/as-buffer.js';
import type { EncodedState } from '../wire/encoded-state.js';
import { decodeManifest, uploadIn } from '../wire/manifest.js';
import type { PutRequest } from './coordinator.js';
import type { LocalRecord } from './local-record.js';

/** `bytes`: of the request's value. */
export function sizeRefusal(
  { value, isManifest }: PutRequest,
  bytes: number,
  { valueBytesMax }: BucketOptions,
): QuorateError | undefined {
  if (bytes > limits.valueBytesMax) return new TooLargeError();
  const size = isManifest === true ? decodeManifest(asBuffer(value!)).size : bytes;
  if (size <= valueBytesMax) return undefined;
  return new TooLargeError(`a value of this bucket has at most ${valueBytesMax} bytes`);
}

/**
 * Uploads whose manifests a put has replaced: their parts need not wait for the end of their lease.
 * `after`: what is left, of the same key. Most keys have none, which is seen without decoding.
 */
export function replacedUploads(
  before: Pick<LocalRecord, 'state' | 'span'>,
  after: Pick<LocalRecord, 'state'>,
): readonly UploadId[] {
  const { span } = before;
  if (span !== undefined && !hasManifest(span)) return none;
  const left = uploadsIn(after.state);
  return uploadsIn(before.state).filter((upload) => !left.includes(upload));
}

function hasManifest(span: EncodedState): boolean {
  const { end } = span;
  for (let at = span.firstSibling; at < end; at = span.nextSibling(at))
    if (span.isManifest(at)) return true;
  return false;
}

function uploadsIn({ siblings }: KeyState): readonly UploadId[] {
  const uploads: UploadId[] = [];
  for (const { manifest, value } of siblings)
    if (manifest === true && value !== null) uploads.push(uploadIn(value));
  return uploads;
}

const none: readonly UploadId[] = [];

/** The put that says of an upload that its parts need not wait. */
export function givingUp(
  { bucket, key, partition }: PutRequest,
  upload: UploadId,
  times: { readonly nowMs: number; readonly deadlineMs: number },
): PutRequest {
  return {
    bucket: partBucket(bucket),
    key: partKey(key, upload, givenUpIndex),
    partition,
    quorum: 1,
    strict: false,
    deadlineMs: times.deadlineMs,
    value: nothing,
    context: undefined,
    ttlMs: 0,
    operation: '',
    copy: 'first',
    askedMs: times.nowMs,
    // Where it fails the parts wait for the end of the lease.
    onReply: () => {},
  };
}

const nothing = Buffer.alloc(0);

/** Of a part: whether its upload takes any still. Undefined for what is no part. */
export function partRefusal(
  { bucket, key }: PutRequest,
  times: () => UploadTimes,
): QuorateError | undefined {
  if (!isPartBucket(bucket)) return undefined;
  const name = partNameOf(key);
  if (name === undefined) return new MalformedError('not the name of a part of a value');
  const text = uploadRefusal(name.upload, times());
  return text === undefined ? undefined : new UploadError(text);
}

/**
 * Of a part: once put it is what it is. A value may be made of it, whose bytes would change under
 * its readers.
 */
export function otherPart({ value }: PutRequest, { siblings }: KeyState): UploadError | undefined {
  const differs = ({ value: held }: Sibling): boolean =>
    held !== null && (value === null || Buffer.compare(held, value) !== 0);
  return siblings.some(differs)
    ? new UploadError('this part was put before, with other bytes: begin another upload')
    : undefined;
}

/**
 * Of a manifest. What the key has already may be put again for as long as it is there: its parts
 * are, too.
 */
export function manifestRefusal(
  { value, partition, bucket, key }: PutRequest,
  { siblings }: KeyState,
  around: { readonly store: Pick<Store, 'peek'>; readonly times: UploadTimes },
): QuorateError | undefined {
  const upload = uploadIn(value!);
  const hasIt = ({ manifest, value: held }: Sibling): boolean =>
    manifest === true && held !== null && uploadIn(held) === upload;
  if (siblings.some(hasIt)) return undefined;
  const text = uploadRefusal(upload, around.times);
  if (text !== undefined) return new UploadError(text);
  const end = { partition, bucket: partBucket(bucket), key: partKey(key, upload, givenUpIndex) };
  const given = around.store.peek(storageKeyOf(end));
  return given === undefined ? undefined : new UploadError('the upload was given up');
}

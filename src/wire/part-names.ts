/**
 * Parts of big values and their uploads as messages name them. What the names are made of:
 * `actors/rules/part-names.ts`.
 */
import type { ByteString } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { partLimits } from '../../actors/rules/limits/parts.js';
import {
  givenUpIndex,
  partNameOf,
  uploadBytes,
  type PartName,
  type UploadId,
} from '../../actors/rules/part-names.js';
import { MalformedError } from '../errors.js';

export {
  beganMsOf,
  givenUpIndex,
  namedBucket,
  partBucket,
  partKey,
  uploadOf,
  uploadRandomBytes,
  type PartName,
  type UploadId,
} from '../../actors/rules/part-names.js';
export { isPartBucket } from '../../actors/rules/key.js';

/** Throws `MalformedError` unless the key is that of a part: what a bucket of parts may hold. */
export function checkedPart(key: ByteString): PartName {
  const name = partNameOf(key);
  if (name === undefined || name.owner.length > limits.keyBytesMax)
    throw new MalformedError('not the name of a part of a value');
  if (name.index >= partLimits.partsMax && name.index !== givenUpIndex)
    throw new MalformedError(`a value has at most ${partLimits.partsMax} parts`);
  return name;
}

/** As `Kv-Upload` has it. */
export function uploadText(upload: UploadId): string {
  return Buffer.from(upload, 'latin1').toString('base64url');
}

/** Throws `MalformedError` on what `uploadText` does not write. */
export function uploadOfText(text: string): UploadId {
  const upload = Buffer.from(text, 'base64url').toString('latin1');
  if (upload.length !== uploadBytes || uploadText(upload) !== text)
    throw new MalformedError('an upload is named as the answer to its begin does');
  return upload;
}

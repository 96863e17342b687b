import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  nameOfStorageKey,
  partitionOf,
  partitionOfStorageKey,
  storageKeyOf,
} from '../../../actors/rules/key.js';
import { limits } from '../../../actors/rules/limits.js';
import { partLimits } from '../../../actors/rules/limits/parts.js';
import { uploadPrefix } from '../../../actors/rules/part-names.js';
import { MalformedError } from '../../../src/errors.js';
import {
  beganMsOf,
  checkedPart,
  isPartBucket,
  namedBucket,
  partBucket,
  partKey,
  uploadOf,
  uploadOfText,
  uploadText,
} from '../../../src/wire/part-names.js';

const partitions = 256;
const owner = fc
  .uint8Array({ minLength: 1, maxLength: 60 })
  .map((bytes) => Buffer.from(bytes).toString('latin1'));
const upload = uploadOf(1_700_000_000_123, '0123456789');

describe('names of parts', () => {
  test('a part is of the partition of its value, whatever the key', () => {
    fc.assert(
      fc.property(owner, fc.nat(partLimits.partsMax - 1), (key, index) => {
        const part = { bucket: partBucket('media'), key: partKey(key, upload, index) };
        const partition = partitionOf(part, partitions);
        expect(partition).toBe(partitionOf({ bucket: 'media', key }, partitions));
        expect(checkedPart(part.key)).toEqual({ owner: key, upload, index });
        const stored = storageKeyOf({ partition, ...part });
        expect(partitionOfStorageKey(stored)).toBe(partition);
        expect(nameOfStorageKey(stored)).toEqual(part);
      }),
      { seed: 20_261_130, numRuns: 500 },
    );
  });

  test('parts of an upload follow each other; uploads go by when they began', () => {
    const earlier = uploadOf(999, 'zzzzzzzzzz');
    const later = uploadOf(1_000, 'aaaaaaaaaa');
    const keys = [
      partKey('k', earlier, 0),
      partKey('k', earlier, 255),
      partKey('k', earlier, 256),
      partKey('k', later, 0),
    ];
    expect([...keys].sort()).toEqual(keys);
    expect(keys.every((key) => key.startsWith(uploadPrefix('k', key.slice(3, 19))))).toBe(true);
  });

  test('the longest of them is a storage key still', () => {
    const bucket = partBucket('b'.repeat(limits.bucketBytesMax));
    const key = partKey('k'.repeat(limits.keyBytesMax), upload, partLimits.partsMax - 1);
    expect(checkedPart(key).index).toBe(partLimits.partsMax - 1);
    expect(storageKeyOf({ partition: 65_535, bucket, key })).toHaveLength(
      limits.storageKeyBytesMax,
    );
  });

  test('a bucket of parts is told from those that clients name', () => {
    expect(isPartBucket(partBucket('media'))).toBe(true);
    expect(isPartBucket('media')).toBe(false);
    expect(isPartBucket('')).toBe(false);
    expect(namedBucket(partBucket('media'))).toBe('media');
    expect(namedBucket('media')).toBe('media');
  });

  test.each([
    ['nothing', ''],
    ['a short one', 'ab'],
    ['no owner', partKey('', upload, 0)],
    ['one byte less', partKey('k', upload, 0).slice(0, -1)],
    ['one byte more', `${partKey('k', upload, 0)}\0`],
    ['a length that is not the owner’s', `\0\x02${partKey('k', upload, 0).slice(2)}`],
    ['a part beyond the last', partKey('k', upload, partLimits.partsMax)],
    ['an owner longer than a key', partKey('k'.repeat(limits.keyBytesMax + 1), upload, 0)],
  ])('no part: %s', (_what, key) => {
    expect(() => checkedPart(key)).toThrow(MalformedError);
    // Whoever asks where it would lie is not ended by it.
    expect(partitionOf({ bucket: partBucket('b'), key }, partitions)).toBeLessThan(partitions);
  });

  test('uploads tell when they began, and travel as text', () => {
    expect(beganMsOf(upload)).toBe(1_700_000_000_123);
    expect(uploadOfText(uploadText(upload))).toBe(upload);
    for (const wrong of [
      '',
      'abc',
      `${uploadText(upload)}A`,
      `${uploadText(upload)}=`,
      'ü'.repeat(22),
    ])
      expect(() => uploadOfText(wrong)).toThrow(MalformedError);
  });
});

import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { bucketLimits } from '../../../actors/rules/limits/buckets.js';
import { partLimits } from '../../../actors/rules/limits/parts.js';
import { MalformedError } from '../../../src/errors.js';
import {
  bytesOfPart,
  decodeManifest,
  encodeManifest,
  manifestBytes,
  partsOf,
  type Manifest,
} from '../../../src/wire/manifest.js';
import { uploadOf } from '../../../src/wire/part-names.js';
import { manifest as encoded } from '../../support/key-states.js';

const manifest: Manifest = {
  size: 12_000_001,
  partBytes: 512 * 1024,
  sha256: Buffer.alloc(32, 7),
  upload: uploadOf(1_700_000_000_123, '\xff\x00123456789'.slice(0, 10)),
};

describe('manifests', () => {
  test('come back as they were, and take as many bytes each', () => {
    const bytes = encodeManifest(manifest);
    expect(bytes).toHaveLength(manifestBytes);
    expect(decodeManifest(bytes)).toEqual(manifest);
  });

  test('equal ones have equal bytes', () => {
    fc.assert(
      fc.property(encoded, (bytes) => {
        expect(encodeManifest(decodeManifest(bytes))).toEqual(bytes);
      }),
      { seed: 20_261_130, numRuns: 300 },
    );
  });

  test.each<[string, Partial<Manifest>]>([
    ['larger than any value', { size: bucketLimits.valueBytesMax + 1 }],
    ['parts of no bytes', { partBytes: 0 }],
    ['parts larger than a message takes', { partBytes: partLimits.partBytesMax + 1 }],
    ['more parts than a value has', { size: 70_000, partBytes: 1 }],
  ])('refused: %s', (_what, wrong) => {
    expect(() => decodeManifest(encodeManifest({ ...manifest, ...wrong }))).toThrow(MalformedError);
  });

  test('refused: cut, longer, of another version', () => {
    const bytes = encodeManifest(manifest);
    const other = Buffer.from(bytes);
    other[0] = 2;
    for (const wrong of [bytes.subarray(1), Buffer.concat([bytes, Buffer.alloc(1)]), other])
      expect(() => decodeManifest(wrong)).toThrow(MalformedError);
  });

  test('parts are of equal size but the last, which has the rest', () => {
    const parts = partsOf(manifest);
    const sizes = Array.from({ length: parts }, (_, i) => bytesOfPart(manifest, i));
    expect(sizes.reduce((sum, bytes) => sum + bytes, 0)).toBe(manifest.size);
    expect(new Set(sizes.slice(0, -1))).toEqual(new Set([manifest.partBytes]));
    expect(sizes.at(-1)).toBeGreaterThan(0);
    expect(partsOf({ size: 0, partBytes: 1 })).toBe(0);
    expect(partsOf({ size: 8, partBytes: 4 })).toBe(2);
  });
});

import { expect, test } from '@jest/globals';
import { actorOf } from '../../../actors/rules/actor.js';
import { storageKeyOf } from '../../../actors/rules/key.js';
import { partBucket, partKey, uploadOf } from '../../../actors/rules/part-names.js';
import { encodeState } from '../../../src/wire/key-state-codec.js';
import { encodeManifest } from '../../../src/wire/manifest.js';
import { nameOf } from './message-reader.js';
import { partMissing, partsLeft } from './parts-oracle.js';

const upload = uploadOf(1, 'ten  bytes');
const actor = actorOf('a1b2c3d4e5f60718', 1);
const trailer = storageKeyOf({ partition: 3, bucket: 'media', key: 'trailer' });
const part = (index: number): string =>
  storageKeyOf({
    partition: 3,
    bucket: partBucket('media'),
    key: partKey('trailer', upload, index),
  });

function stateOf(value: Buffer, manifest: boolean): Buffer {
  const dot = { actor, counter: 1 };
  return encodeState({
    context: [dot],
    siblings: [
      { dot, value, writtenAtMs: 1, expiresAtMs: 0, operation: '', ...(manifest && { manifest }) },
    ],
  });
}

const whole = stateOf(
  encodeManifest({ size: 25, partBytes: 10, sha256: Buffer.alloc(32), upload }),
  true,
);
const some = stateOf(Buffer.from('some'), false);
const owned = (): boolean => true;

test('a part that a key refers to has to be where the key is owned', () => {
  const held = new Map([
    [trailer, whole],
    [part(0), some],
    [part(2), some],
  ]);
  expect(partMissing(held, owned)).toMatch(/^"media\/trailer.* has no part 1 of 3$/);
  expect(partMissing(held, (key) => nameOf(key) !== 'media/trailer')).toBe(undefined);
  expect(partMissing(held.set(part(1), some), owned)).toBe(undefined);
});

test('parts that no key refers to are left, whoever owns them', () => {
  const held = new Map([
    [part(0), some],
    [part(1), some],
  ]);
  expect(partsLeft(held)).toMatch(/^2 parts of "media\/trailer.* outlive their value$/);
  expect(partsLeft(held.set(trailer, some))).toMatch(/^2 parts/);
  expect(partsLeft(held.set(trailer, whole))).toBe(undefined);
});

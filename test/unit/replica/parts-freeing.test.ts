import { afterEach, describe, expect, test } from '@jest/globals';
import { storageKeyOf, type StorageKey } from '../../../actors/rules/key.js';
import { limits } from '../../../actors/rules/limits.js';
import { partLimits } from '../../../actors/rules/limits/parts.js';
import { merge } from '../../../actors/rules/versions.js';
import { Forgetting } from '../../../src/replica/forgetting.js';
import { encodeManifest } from '../../../src/wire/manifest.js';
import {
  givenUpIndex,
  partBucket,
  partKey,
  uploadOf,
  type UploadId,
} from '../../../src/wire/part-names.js';
import { reading, readingsOf } from '../../support/readings.js';
import { ReplicaWorld } from '../../support/replica-world.js';

const graceMs = 20_000;
const leaseMs = 3 * 60_000;
const primaries = [0, 1, 2];
const parts = [0, 1, 2];
let world: ReplicaWorld;

afterEach(() => expect(world.errors).toEqual([]));

async function start(): Promise<void> {
  world = await ReplicaWorld.start(4, { tombstoneGraceMs: graceMs, uploadLeaseMs: leaseMs });
  for (const node of world.nodes) {
    node.freeing.start();
    node.collection.start();
  }
}

let uploads = 0;
const begin = (): UploadId =>
  uploadOf(world.nodes[0]!.clock.wallMs(), String(++uploads).padStart(10, '0'));

function part(upload: UploadId, index: number): StorageKey {
  return storageKeyOf({ partition: 0, bucket: partBucket('b'), key: partKey('k', upload, index) });
}

/** At all primaries, as what a put of W = N leaves. */
async function everywhere(key: StorageKey, put: Parameters<ReplicaWorld['put']>[2]): Promise<void> {
  const state = await world.put(0, key, put);
  for (const at of [1, 2]) await world.give(at, key, state);
}

async function upload(count = parts.length): Promise<UploadId> {
  const id = begin();
  for (let i = 0; i < count; i++) await everywhere(part(id, i), { value: `part ${i}` });
  return id;
}

function manifestOf(id: UploadId): { readonly value: Buffer; readonly isManifest: true } {
  const sha256 = Buffer.alloc(32);
  return {
    value: encodeManifest({ size: 18, partBytes: 6, sha256, upload: id }),
    isManifest: true,
  };
}

async function committed(): Promise<{ id: UploadId; key: StorageKey }> {
  const [id, key] = [await upload(), world.key('k')];
  await everywhere(key, manifestOf(id));
  return { id, key };
}

/** How many of its parts a node holds. */
function held(at: number, id: UploadId): number {
  return parts.filter((index) => world.stateAt(at, part(id, index)) !== undefined).length;
}

const allHeld = (id: UploadId): number[] => primaries.map((at) => held(at, id));
const whole = [3, 3, 3];
const none = [0, 0, 0];

describe('parts stay', () => {
  test('for as long as their key refers to them, however long that is', async () => {
    await start();
    const { id } = await committed();
    await world.run(5 * leaseMs);
    expect(allHeld(id)).toEqual(whole);
    expect(readingsOf(world.nodes[0]!, 'parts')).toEqual({ freed: 0, held: 3, uploads: 1 });
  });

  test('while the upload may be committed', async () => {
    await start();
    const id = await upload();
    await world.run(leaseMs - 20_000);
    expect(allHeld(id)).toEqual(whole);
  });

  test('while one sibling of several refers to them', async () => {
    await start();
    const { id, key } = await committed();
    await everywhere(key, { value: 'concurrent', seen: [] });
    expect(world.stateAt(1, key)!.siblings).toHaveLength(2);
    await world.run(2 * leaseMs);
    expect(allHeld(id)).toEqual(whole);
  });

  test('while one primary has not heard that the key was put anew', async () => {
    await start();
    const { id, key } = await committed();
    await world.put(0, key, { value: 'new' });
    await world.run(2 * leaseMs);
    expect(allHeld(id)).toEqual(whole);
  });

  test('while a primary is down, or a hint is out for the partition', async () => {
    await start();
    const { id, key } = await committed();
    await everywhere(key, { value: 'new' });
    world.believe(2, 'down');
    await world.run(2 * leaseMs);
    expect(allHeld(id)).toEqual(whole);
    world.believe(2, 'alive');
    await world.give(3, key, world.stateAt(0, key)!, 1);
    await world.run(2 * leaseMs);
    expect(allHeld(id)).toEqual(whole);
  });

  test('while anybody holds a state of the key that refers to them', async () => {
    await start();
    const { id, key } = await committed();
    await world.give(3, key, world.stateAt(0, key)!);
    await everywhere(key, { value: 'new' });
    await world.run(2 * leaseMs);
    expect(allHeld(id)).toEqual(whole);
  });

  test('while one who does not own the key holds a manifest that nobody else has', async () => {
    await start();
    const [id, key] = [await upload(), world.key('k')];
    await world.put(3, key, manifestOf(id));
    await world.run(2 * leaseMs);
    expect(allHeld(id)).toEqual(whole);
  });

  test('where the own key refers to them, whoever orders them dropped', async () => {
    await start();
    const { id, key } = await committed();
    await world.run(2 * leaseMs);
    const { store, clock } = world.nodes[1]!;
    const drop = (): void => {
      const keys = parts.map((index) => part(id, index));
      const agreed = keys.map((each) => ({ key: each, digest: store.read(each)!.digest }));
      new Forgetting(store, clock, { uploadLeaseMs: leaseMs }).collect(agreed, () => {});
    };
    drop();
    expect(held(1, id)).toBe(3);
    await world.put(1, key, { value: 'new' });
    drop();
    expect(held(1, id)).toBe(0);
  });

  test('and readers have a grace period after the key was put anew', async () => {
    await start();
    const { id, key } = await committed();
    await world.run(2 * leaseMs);
    await everywhere(key, { value: 'new' });
    await world.run(graceMs - 5_000);
    expect(allHeld(id)).toEqual(whole);
  });
});

describe('parts go everywhere', () => {
  const soon = graceMs + 10 * limits.collectionTickMs;

  test.each<[string, Parameters<ReplicaWorld['put']>[2]]>([
    ['when their key was put anew', { value: 'new' }],
    ['when it was deleted', { value: null }],
  ])('%s', async (_what, put) => {
    await start();
    const { id, key } = await committed();
    await world.run(leaseMs);
    await everywhere(key, put);
    await world.run(soon);
    expect(allHeld(id)).toEqual(none);
    expect(reading(world.nodes[0]!, 'parts.freed')).toBe(3);
  });

  test('when the tombstone of their key is gone, too: nothing is there any more', async () => {
    await start();
    const { id, key } = await committed();
    await everywhere(key, { value: null });
    await world.run(2 * leaseMs);
    expect(world.stateAt(0, key)).toBeUndefined();
    expect(allHeld(id)).toEqual(none);
  });

  test('when the value has expired', async () => {
    await start();
    const [id, key] = [await upload(), world.key('k')];
    const expiresAtMs = world.nodes[0]!.clock.wallMs() + leaseMs;
    await everywhere(key, { ...manifestOf(id), expiresAtMs });
    await world.run(leaseMs - 10_000);
    expect(allHeld(id)).toEqual(whole);
    await world.run(10_000 + 2 * soon);
    expect(allHeld(id)).toEqual(none);
  });

  test('when the upload was abandoned, and its lease is over', async () => {
    await start();
    const id = await upload();
    await world.run(leaseMs + soon);
    expect(allHeld(id)).toEqual(none);
  });

  test('when it was given up, without waiting for the lease', async () => {
    await start();
    const id = await upload();
    await everywhere(part(id, givenUpIndex), { value: '' });
    await world.run(soon);
    expect(allHeld(id)).toEqual(none);
    expect(world.stateAt(0, part(id, givenUpIndex))).toBeUndefined();
  });

  test('of those that lost the race for the key; those of the winner stay', async () => {
    await start();
    const lost = await upload();
    const won = await upload();
    const key = world.key('k');
    await everywhere(key, manifestOf(lost));
    await everywhere(key, manifestOf(won));
    await world.run(leaseMs + soon);
    expect(allHeld(lost)).toEqual(none);
    expect(allHeld(won)).toEqual(whole);
  });

  test('of a key that is put all the time and never rests', async () => {
    await start();
    const { id, key } = await committed();
    await world.run(leaseMs);
    for (let i = 0; i < 12; i++) {
      await everywhere(key, { value: `anew ${i}` });
      await world.run(graceMs / 4);
    }
    expect(allHeld(id)).toEqual(none);
  });

  test('of an upload with more parts than go at once', async () => {
    await start();
    const count = 2 * partLimits.freedPerTickMax + 5;
    const id = begin();
    for (let i = 0; i < count; i++) await everywhere(part(id, i), { value: 'x' });
    await world.run(leaseMs + 2 * soon);
    const left = Array.from({ length: count }, (_, i) => world.stateAt(0, part(id, i)));
    expect(left.filter((state) => state !== undefined)).toEqual([]);
    expect(reading(world.nodes[0]!, 'parts.freed')).toBe(count);
  });

  test('where some hold a part in another state, once they have exchanged it', async () => {
    await start();
    const id = await upload();
    const again = await world.put(1, part(id, 1), { value: 'part 1', seen: [] });
    expect(merge(again, world.stateAt(0, part(id, 1))!)).toBe(again);
    await world.run(leaseMs + soon);
    expect(held(1, id)).toBe(1);
    for (const node of world.nodes) node.exchange.start();
    await world.run(3 * limits.exchangeIntervalMs + soon);
    expect(allHeld(id)).toEqual(none);
  });
});

test('tombstones of keys go as ever, and parts are not looked at for it', async () => {
  await start();
  const { id, key } = await committed();
  const other = world.key('other');
  await everywhere(other, { value: null });
  await world.run(2 * leaseMs);
  expect(world.stateAt(0, other)).toBeUndefined();
  expect(world.stateAt(0, key)).toBeDefined();
  expect(allHeld(id)).toEqual(whole);
});

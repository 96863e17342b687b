import 'reflect-metadata';
import { expect, test } from '@jest/globals';
import { BloomFilter } from '../../../src/store/bloom-filter.js';
import { hashOfKey } from '../../../src/store/key-hash.js';
import { keyNamed, put, StoreHome } from '../../support/store-process.js';
import { reading } from '../../support/readings.js';

test.each([64, 1024, 20_000])(
  'capacity %i: no false no, at most 2%% false yes when full',
  (capacity) => {
    const filter = new BloomFilter(capacity);
    for (let i = 0; i < capacity; i++) filter.add(hashOfKey(keyNamed(`in ${i}`)));
    expect(filter.full).toBe(true);
    for (let i = 0; i < capacity; i++)
      if (!filter.mayHold(hashOfKey(keyNamed(`in ${i}`)))) throw new Error(`lost ${i}`);
    let wrong = 0;
    for (let i = 0; i < 20_000; i++)
      if (filter.mayHold(hashOfKey(keyNamed(`out ${i}`)))) wrong += 1;
    expect(wrong / 20_000).toBeLessThan(0.02);
  },
);

test('store: filters grow past their first capacity, are rebuilt after a start, and never hide a key', async () => {
  const home = new StoreHome();
  const options = { partitions: 1, storeBounds: { memtableBytesMax: 64 * 1024 } };
  const first = await home.start(options);
  const keys = Array.from({ length: 3000 }, (_, i) => keyNamed(`key ${i}`, 1));
  for (let i = 0; i < keys.length; i += 50)
    await Promise.all(keys.slice(i, i + 50).map((key) => put(first.store, key, 'x')));
  const check = (store: typeof first.store): void => {
    for (const key of keys) if (store.peek(key) === undefined) throw new Error(`lost ${key}`);
  };
  check(first.store);
  await first.store.close();
  const second = await home.start(options);
  for (let i = 0; i < 60; i++) {
    if (i % 10 === 0) check(second.store);
    await put(second.store, keyNamed(`late ${i}`, 1), 'x');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  for (let i = 0; i < 60; i++) expect(second.store.peek(keyNamed(`late ${i}`, 1))).toBeDefined();
  const bloomNegatives = reading(second, 'store.bloomNegatives');
  for (let i = 0; i < 1000; i++)
    expect(second.store.peek(keyNamed(`none ${i}`, 1))).toBeUndefined();
  expect(reading(second, 'store.bloomNegatives') - bloomNegatives).toBeGreaterThan(950);
  await second.store.close();
  home.remove();
});

/** What a node says of a key that it holds, and how long it looks for those of a bucket. */
import { beforeEach, expect, test } from '@jest/globals';
import { storageKeyOf } from '../../../actors/rules/key.js';
import { insightLimits } from '../../../actors/rules/limits/insight.js';
import { keyCopy, keysPage } from '../../../src/insight/key-copies.js';
import { ManualClock } from '../../support/manual-clock.js';
import { MapStore } from '../../support/map-store.js';

const [self, one, other] = ['a', 'b', 'c'].map((letter) => letter.repeat(16)) as [
  string,
  string,
  string,
];
const name = { bucket: 'b', key: 'k' };
let clock: ManualClock;

beforeEach(() => {
  clock = new ManualClock();
});

test('a key is owed to those it is owed to, whomever else the node owes something', () => {
  const store = new MapStore(self, clock);
  store.hintsTo.set(one, new Set([storageKeyOf({ partition: 0, ...name })]));
  store.hintsTo.set(other, new Set([storageKeyOf({ partition: 0, bucket: 'b', key: 'l' })]));
  expect(keyCopy(store, name, 1).owedTo).toEqual([one]);
  expect(keyCopy(store, { bucket: 'b', key: 'm' }, 1).owedTo).toEqual([]);
});

test('a page ends after its time, and the next one goes on there', () => {
  const partitions = 64;
  const asked: number[] = [];
  const scan = ({ partition }: { partition: number }): [] => {
    asked.push(partition);
    clock.advance(1);
    return [];
  };
  const store = { scan, peek: () => undefined };
  let after = '';
  let pages = 0;
  do {
    const page = keysPage({ store, clock }, { bucket: 'b', after, limit: 10 }, partitions);
    expect(page.keys).toEqual([]);
    after = page.next;
    pages++;
  } while (after !== '' && pages < partitions);
  expect(pages).toBe(Math.ceil(partitions / insightLimits.keysMsMax));
  expect(asked).toEqual(Array.from({ length: partitions }, (_, partition) => partition));
});

import { expect, test } from '@jest/globals';
import type { Durability } from '../../../actors/rules/durability.js';
import { acknowledgeOtherwise, whenStored } from '../../../src/store/own-durability.js';

const sync: Durability = { kind: 'sync' };
const periodic: Durability = { kind: 'periodic', everyMs: 50 };

/** By whom a write that is acknowledged so comes to its end. */
function endedBy(ofNode: Durability, ofBucket: Durability | undefined): string[] {
  const ends: string[] = [];
  const ended =
    (by: string) =>
    (done: () => void): void => {
      const before = ends.length;
      ends.push(by);
      done();
      if (ends.length === before + 1) ends.pop();
    };
  const onDurable = (): void => void ends.push('acknowledged');
  const around = {
    store: { durability: ofNode, settled: ended('disk') },
    clock: { endOfTurn: ended('turn') },
  };
  const onStored = whenStored(around, ofBucket, onDurable);
  ended('log')(onStored);
  acknowledgeOtherwise(around, ofBucket, onDurable);
  return ends;
}

test.each<[Durability, Durability | undefined, string]>([
  [sync, undefined, 'log'],
  [sync, sync, 'log'],
  [sync, periodic, 'turn'],
  [periodic, undefined, 'log'],
  [periodic, { ...periodic, everyMs: 500 }, 'log'],
  [periodic, sync, 'disk'],
])('a node with %j acknowledges a bucket with %j once, by its %s', (ofNode, ofBucket, by) => {
  expect(endedBy(ofNode, ofBucket)).toEqual([by, 'acknowledged']);
});

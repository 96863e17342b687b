import { expect, test } from '@jest/globals';
import { TurnQueue } from '../../../src/store/turn-queue.js';

test('one piece a turn, in order, also those that come meanwhile', () => {
  let turn: (() => void)[] = [];
  const queue = new TurnQueue({ endOfTurn: (callback) => void turn.push(callback) });
  const done: string[] = [];
  queue.add(() => {
    done.push('a');
    queue.add(() => done.push('c'));
  });
  queue.add(() => done.push('b'));
  const byTurn: string[] = [];
  while (turn.length > 0) {
    const ends = turn;
    turn = [];
    for (const end of ends) end();
    byTurn.push(done.join(''));
  }
  expect(byTurn).toEqual(['a', 'ab', 'abc']);
  expect(queue.size).toBe(0);
});

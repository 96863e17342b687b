import { expect, jest, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { coarseDelayMs, RealClock } from '../../src/seams/real-clock.js';

test.each([
  [0, 0],
  [0.3, 1],
  [63, 63],
  [64, 64],
  [64.1, 80],
  [4_999.2, 5_008],
])(
  'clock: a delay of %d ms is armed as %d ms: never earlier, long ones share lists',
  (delayMs, armedMs) => {
    expect(coarseDelayMs(delayMs)).toBe(armedMs);
  },
);

test('clock: what is asked for in one turn runs at its end, in order; one step further too, behind the microtasks, two in the next', async () => {
  const clock = new RealClock();
  const seen: string[] = [];
  clock.endOfTurn(() => {
    seen.push('first');
    clock.endOfTurn(() => {
      seen.push('a step further');
      clock.endOfTurn(() => seen.push('next turn'));
    });
    queueMicrotask(() => seen.push('the socket is written'));
  });
  clock.endOfTurn(() => seen.push('second'));
  seen.push('now');
  while (!seen.includes('next turn')) await sleep(1);
  expect(seen).toEqual([
    'now',
    'first',
    'second',
    'the socket is written',
    'a step further',
    'next turn',
  ]);
});

test.each(['at its end', 'a step further'])(
  'clock: one of three callbacks throws %s of a turn: the error surfaces, and the others run once each',
  (where) => {
    const tasks: (() => void)[] = [];
    const take = (callback: () => void): void => void tasks.push(callback);
    const immediates = jest.spyOn(globalThis, 'setImmediate').mockImplementation(take as never);
    const microtasks = jest.spyOn(globalThis, 'queueMicrotask').mockImplementation(take);
    const clock = new RealClock();
    const seen: string[] = [];
    const ask = (): void => {
      clock.endOfTurn(() => {
        seen.push('before');
        clock.endOfTurn(() => seen.push('asked by before'));
      });
      clock.endOfTurn(() => {
        throw new Error('on purpose');
      });
      clock.endOfTurn(() => seen.push('behind'));
    };
    if (where === 'at its end') ask();
    else {
      clock.endOfTurn(ask);
      tasks.shift()!();
    }
    expect(() => tasks.shift()!()).toThrow('on purpose');
    while (tasks.length > 0) tasks.shift()!();
    immediates.mockRestore();
    microtasks.mockRestore();
    expect(seen.toSorted()).toEqual(['asked by before', 'before', 'behind']);
  },
);

test('clock: timers fire not before their time, and not when they were cleared', async () => {
  const clock = new RealClock();
  const startMs = clock.monotonicMs();
  const firedMs = await new Promise<number>((resolve) => {
    const cleared = clock.setTimeout(() => resolve(-1), 5);
    clock.setTimeout(() => resolve(clock.monotonicMs() - startMs), 30);
    clock.clearTimeout(cleared);
  });
  expect(firedMs).toBeGreaterThanOrEqual(29);
  expect(Math.abs(clock.wallMs() - Date.now())).toBeLessThan(1_000);
});

import { afterEach, expect, jest, test } from '@jest/globals';
import { Progress } from './progress.js';
import { Tally } from './tally.js';

afterEach(() => {
  jest.useRealTimers();
});

test.each([
  { isTTY: false, said: '0 of 40 seeds in 60 s, 0 failed\n0 of 40 seeds in 120 s, 0 failed\n' },
  { isTTY: true, said: '' },
])(
  'progress, terminal: $isTTY: seeds that take two minutes, and a line each minute only where no bar is drawn',
  ({ isTTY, said }) => {
    jest.useFakeTimers();
    let written = '';
    const write = (text: string): void => void (written += text);
    const progress = new Progress(new Tally(1, 40), { isTTY, write });
    jest.advanceTimersByTime(125_000);
    expect(written).toBe(said);
    progress.end();
    expect(jest.getTimerCount()).toBe(0);
  },
);

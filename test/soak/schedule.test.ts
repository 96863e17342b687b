import { expect, test } from '@jest/globals';
import { drawSchedule, parseSchedule, scheduleText, troubleKinds } from './schedule.js';

const options = {
  seed: '7',
  durationMs: 30 * 60_000,
  hosts: { servers: ['s1', 's2', 's3'], nodes: ['n1', 'n2', 'n3'], clients: ['c1'] },
  kinds: troubleKinds,
};

test('a seed draws the same schedule again, and its text says all of it', () => {
  const schedule = drawSchedule(options);
  expect(drawSchedule(options)).toEqual(schedule);
  expect(parseSchedule(scheduleText(schedule))).toEqual(schedule);
  expect(drawSchedule({ ...options, seed: '8' })).not.toEqual(schedule);
});

test('every kind of trouble comes, and all is over when clients stop', () => {
  const schedule = drawSchedule(options);
  const verbs = new Set(schedule.map(({ words }) => words[0]));
  expect(verbs).toEqual(new Set(['clock', 'cut', 'kill', 'lose', 'mute', 'slow', 'stop']));
  for (const { atMs, forMs } of schedule) expect(atMs + forMs).toBeLessThan(options.durationMs);
});

test('comments and empty lines are passed over; what is no line is an error', () => {
  expect(parseSchedule('# nothing\n\n1.500 kill n1 for=2.000 # hard\n')).toEqual([
    { atMs: 1500, forMs: 2000, words: ['kill', 'n1'] },
  ]);
  expect(() => parseSchedule('kill n1')).toThrow(SyntaxError);
});

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
  expect(verbs).toEqual(new Set(['clock', 'cut', 'delay', 'kill', 'lose', 'mute', 'slow', 'stop']));
  for (const { atMs, forMs } of schedule) expect(atMs + forMs).toBeLessThan(options.durationMs);
});

test('twenty minutes with five nodes kill a hundred processes', () => {
  const nodes = ['n1', 'n2', 'n3', 'n4', 'n5'];
  const hosts = { ...options.hosts, nodes };
  for (let seed = 1; seed <= 50; seed++) {
    const schedule = drawSchedule({
      ...options,
      seed: String(seed),
      hosts,
      durationMs: 20 * 60_000,
    });
    const kills = schedule.filter(({ words }) => words[0] === 'kill');
    expect(kills.length).toBeGreaterThanOrEqual(100);
  }
});

test('comments and empty lines are passed over; what is no line is an error', () => {
  expect(parseSchedule('# nothing\n\n1.500 kill n1 for=2.000 # hard\n')).toEqual([
    { atMs: 1500, forMs: 2000, words: ['kill', 'n1'] },
  ]);
  expect(() => parseSchedule('kill n1')).toThrow(SyntaxError);
});

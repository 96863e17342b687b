/** What late words of other nodes tell of the age of what comes with them. */
import { beforeEach, expect, test } from '@jest/globals';
import { limits } from '../../actors/rules/limits.js';
import { LateWords } from '../../src/bus/late-words.js';
import { ManualClock } from '../support/manual-clock.js';

const startMs = 100_000;
const lateMs = limits.lateWordMsMax + 1;

let clock: ManualClock;
let words: LateWords;

beforeEach(() => {
  clock = new ManualClock();
  clock.advance(startMs - clock.monotonicMs());
  words = new LateWords(clock);
});

function now(): number {
  return clock.monotonicMs();
}

test('while words come in time, nothing is older than its reading', () => {
  for (let beat = 0; beat < 5; beat++) {
    expect(words.heard('a', now() - 3)).toBe(false);
    clock.advance(limits.gossipIntervalMs);
  }
  expect(words.sentAfterMs(now())).toBe(now());
});

test('what comes with late words was sent after the last one that came in time', () => {
  words.heard('a', now());
  clock.advance(6_000);
  // From the route comes first what was sent first.
  expect(words.heard('a', startMs + 1_000)).toBe(true);
  expect(words.heard('a', startMs + 2_000)).toBe(false);
  expect(words.sentAfterMs(now())).toBe(startMs);
});

test('of a node that was never heard before, it was sent after its first word', () => {
  expect(words.heard('a', now() - lateMs)).toBe(true);
  expect(words.sentAfterMs(now())).toBe(now() - lateMs);
});

test('it is over with a word that was sent when the first late one had come', () => {
  words.heard('a', now());
  clock.advance(6_000);
  words.heard('a', startMs + 1_000);
  const readMs = now();
  clock.advance(10);
  // Quick enough, but perhaps in front of what lies there still.
  words.heard('a', readMs - 1);
  expect(words.sentAfterMs(now())).toBe(startMs);
  words.heard('a', now());
  clock.advance(1);
  expect(words.sentAfterMs(now())).toBe(now());
  // What was read before that is looked at after it.
  expect(words.sentAfterMs(readMs)).toBe(startMs);
});

test('with a route that is slow for good, each answer says how slow', () => {
  words.heard('a', now());
  clock.advance(6_000);
  words.heard('a', startMs + 3_000);
  const secondMs = now() + 1;
  clock.advance(lateMs + 1);
  // It was asked for, and comes late all the same.
  expect(words.heard('a', secondMs)).toBe(true);
  clock.advance(lateMs);
  expect(words.sentAfterMs(now())).toBe(secondMs);
});

test('with a route that is slow for good, what comes is no older than the word in front of it', () => {
  const onTheWayMs = 3_000;
  let oldestMs = 0;
  for (let beat = 0; beat < 30; beat++) {
    words.heard('a', now() - onTheWayMs);
    for (let i = 0; i < 4; i++) {
      clock.advance(limits.gossipIntervalMs / 4);
      if (beat > 2) oldestMs = Math.max(oldestMs, now() - words.sentAfterMs(now()));
    }
  }
  expect(oldestMs).toBe(onTheWayMs + limits.gossipIntervalMs);
});

test('the oldest of several nodes counts, and of each the last', () => {
  words.heard('a', now());
  words.heard('b', now() - 500);
  clock.advance(6_000);
  words.heard('a', startMs + 1_000);
  words.heard('b', startMs + 1_000);
  const readMs = now();
  expect(words.sentAfterMs(readMs)).toBe(startMs - 500);
  clock.advance(1);
  words.heard('b', now());
  clock.advance(1);
  expect(words.sentAfterMs(now())).toBe(startMs);
  words.heard('a', now());
  expect(words.sentAfterMs(readMs)).toBe(startMs - 500);
});

test('who says nothing more delays nothing more', () => {
  words.heard('a', now());
  clock.advance(6_000);
  words.heard('a', startMs + 1_000);
  clock.advance(2 * limits.gossipIntervalMs + 1);
  expect(words.sentAfterMs(now())).toBe(now());
  words.heard('b', now() - lateMs);
  words.drop('b');
  expect(words.sentAfterMs(now())).toBe(now());
});

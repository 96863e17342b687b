import { expect, test } from '@jest/globals';
import { exitCodes, type Violation } from './oracle/violations.js';
import type { SeedReport } from './run-seed.js';
import { sometimesWanted } from './sometimes.js';
import { Tally } from './tally.js';

const nothing = { demandSometimes: false, interruptedBy: undefined };

test('tally: the gravest failure of a search is its exit code, whether or not it was interrupted', () => {
  const tally = tallyOf('liveness', 'safety', undefined);
  expect(tally.exitCode(nothing)).toBe(exitCodes.safety);
  expect(tally.exitCode({ ...nothing, interruptedBy: 'SIGINT' })).toBe(exitCodes.safety);
  expect(tally.summary(1000, nothing)).toContain('replay: npm run simulate -- --seed 2');
});

test('tally: interrupted and nothing found so far: the exit code tells by what, never success', () => {
  const tally = tallyOf(undefined);
  expect(tally.exitCode({ ...nothing, interruptedBy: 'SIGINT' })).toBe(130);
  expect(tally.exitCode({ ...nothing, interruptedBy: 'SIGTERM' })).toBe(143);
  expect(tally.summary(1000, { interruptedBy: 'SIGTERM' })).toMatch(
    /^interrupted by SIGTERM\n1 seeds from 1, 10 requests, 60 virtual seconds in 1 s \(60 times/,
  );
});

test('tally: rare situations never reached fail a search only where they are demanded', () => {
  const tally = tallyOf(undefined);
  expect(tally.exitCode(nothing)).toBe(0);
  expect(tally.exitCode({ ...nothing, demandSometimes: true })).toBe(13);
  tally.add(reportOf(2, undefined, sometimesWanted));
  expect(tally.exitCode({ ...nothing, demandSometimes: true })).toBe(0);
});

test('tally: a line of a log says how far the search is', () => {
  expect(tallyOf(undefined, 'crash').line(61_000)).toBe('2 of 100 seeds in 61 s, 1 failed');
});

function tallyOf(...kinds: (Violation['kind'] | undefined)[]): Tally {
  const tally = new Tally(1, 100);
  kinds.forEach((kind, i) => tally.add(reportOf(i + 1, kind, [])));
  return tally;
}

function reportOf(
  seed: number,
  kind: Violation['kind'] | undefined,
  sometimes: readonly string[],
): SeedReport {
  const violation = kind && { kind, rule: 'some-rule', what: 'it happened', timeUs: 0 };
  return { seed: `${seed}`, violation, digest: '', virtualUs: 60e6, requests: 10, sometimes };
}

/** Random histories of a chain of choices: the rule of voters and the chart of proposers. */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { runConsensusHistory } from '../support/consensus-history.js';
import { asPromised, type WorldRules } from '../support/consensus-world.js';

const seed = 20_261_129;
const step = fc.nat(2 ** 31 - 1);
/** Small numbers are no more telling than others. */
const history = fc.noBias(fc.array(step, { minLength: 40, maxLength: 160, size: 'max' }));

describe('a chain of choices, with messages lost, doubled and out of order, crashes, and one disk that is put back', () => {
  test.each([
    { nodes: 3, histories: 1_500 },
    { nodes: 5, histories: 700 },
  ])(
    '$histories random histories of $nodes nodes: of one number one is chosen, and the last one is always followed',
    ({ nodes, histories }) => {
      let chosen = 0;
      fc.assert(
        fc.property(history, (steps) => {
          chosen += runConsensusHistory(nodes, steps, asPromised).chosen;
        }),
        { seed, numRuns: histories, endOnFailure: true },
      );
      // The first one, the one after all trouble, and those in between.
      expect(chosen).toBeGreaterThan(histories * 2.5);
    },
    120_000,
  );

  test('however often nodes start while others are away, none takes its disk for an old one', () => {
    // Of its own lives alone each knows but the one it is in.
    const rules = { ...asPromised, copies: false, livesMax: 1 };
    fc.assert(
      fc.property(history, (steps) => {
        runConsensusHistory(3, steps, rules);
      }),
      { seed, numRuns: 1_500, endOnFailure: true },
    );
  }, 120_000);

  test.each<readonly [string, Partial<WorldRules>]>([
    ['votes are stored after they are told', { storing: 'after it answers' }],
    ['an old disk votes at once', { oldDisk: 'at once' }],
    [
      'an old disk votes in the next instance it learns of',
      { oldDisk: 'in the next instance it learns of' },
    ],
  ])(
    'control: where %s, two are chosen',
    (_what, rule) => {
      const outcome = fc.check(
        fc.property(history, (steps) => {
          runConsensusHistory(3, steps, { ...asPromised, ...rule });
        }),
        { seed, numRuns: 10_000, endOnFailure: true },
      );
      expect(String(outcome.errorInstance)).toMatch(/two were chosen/);
    },
    120_000,
  );
});

/**
 * The order in which test files are run: the longest first, then what waits for real processes,
 * then what computes. So nobody is left alone with a long file at the end, and there is always
 * something to do while others wait. Where nothing is known of an earlier run, as in CI, jest takes
 * the largest file for the longest, which these are not.
 */
import { createRequire } from 'node:module';

// Its types are those of its CommonJS form.
const { default: Sequencer } = createRequire(import.meta.url)(
  '@jest/test-sequencer',
) as typeof import('@jest/test-sequencer');

type Tests = Parameters<InstanceType<typeof Sequencer>['cacheResults']>[0];

/** From half a minute to two, on an idle machine of two cores. */
const longest = [
  'simulation/scenario/scenarios',
  'integration/big-values',
  'integration/changes',
  'integration/kill-all',
  'integration/resize',
  'integration/command',
  'integration/import',
  'integration/big-streams',
  'integration/dashboard',
  'browser/page',
  'simulation/simulate',
  'fuzz/fuzz',
].map((name) => `/dist/test/${name}.test.js`);

const waiting = /\/dist\/test\/(?:browser|fuzz|integration|simulation|soak)\//;

export default class LongestFirst extends Sequencer {
  override async sort(tests: Tests): Promise<Tests> {
    const sorted = await super.sort(tests);
    return sorted.toSorted((a, b) => placeOf(a) - placeOf(b));
  }
}

function placeOf({ path }: Tests[number]): number {
  const known = longest.findIndex((name) => path.endsWith(name));
  if (known >= 0) return known;
  return longest.length + (waiting.test(path) ? 0 : 1);
}

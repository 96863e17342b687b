/**
 * The order in which test files are run. Where nothing is known of an earlier run, as in CI, jest
 * takes the largest file for the longest, and begins with the one below when all others are done:
 * then one worker runs it, and the rest are idle.
 */
import { createRequire } from 'node:module';

// Its types are those of its CommonJS form.
const { default: Sequencer } = createRequire(import.meta.url)(
  '@jest/test-sequencer',
) as typeof import('@jest/test-sequencer');

type Tests = Parameters<InstanceType<typeof Sequencer>['cacheResults']>[0];

const longest = '/simulation/scenario/scenarios.test.js';

export default class LongestFirst extends Sequencer {
  override async sort(tests: Tests): Promise<Tests> {
    const sorted = await super.sort(tests);
    return sorted.toSorted((a, b) => Number(isLongest(b)) - Number(isLongest(a)));
  }
}

function isLongest({ path }: Tests[number]): boolean {
  return path.endsWith(longest);
}

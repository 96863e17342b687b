/** A cluster of `quorate up` that does not serve, or not yet. */
import { expect, test } from '@jest/globals';
import { CommandError, exitCodes } from '../../../src/cli/exit-codes.js';
import type { Course } from '../../../src/cli/up/course.js';
import { untilServes } from '../../../src/cli/up/serving.js';

const three = ['n1', 'n2', 'n3'];
const settled: Course = {
  nodes: 3,
  start: three,
  come: [],
  grow: [],
  replaces: [],
  shrink: [],
  leaving: [],
  past: [],
  members: three,
  n: 3,
};

const refusal = new CommandError(exitCodes.unavailable, 'the cluster does not serve: too few');

/** With a probe that fails so often; undefined: until it is to end. */
async function waited(change: Partial<Course>, failures = 2, error: Error = refusal) {
  const said: string[] = [];
  let probes = 0;
  const probe = async (): Promise<string | undefined> => {
    if (++probes <= failures) throw error;
    return 'the disk is full';
  };
  const course = { ...settled, ...change };
  const { signal } = new AbortController();
  const say = (line: string): void => void said.push(line);
  const refused = await untilServes({ course, probe, say, signal });
  return { said, probes, refused };
}

test('it is waited for as long as it takes, and said once what is missing and what to do', async () => {
  const { said, probes, refused } = await waited({ start: ['n1', 'n2'], n: 2 });
  expect([probes, refused]).toEqual([3, 'the disk is full']);
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(
    /^the cluster does not serve: too few\nn3 is missing: put back .*\n.*with: --replaces n3\.\nn1, n2 stay up/,
  );
  expect((await waited({}, 0)).said).toEqual([]);
});

test('a majority is missing: it is recovered, while what is left runs', async () => {
  const { said } = await waited({ start: ['n1'] });
  expect(said[0]).toMatch(/n2, n3 are missing: .*\n.*quorate recover --lost n2,n3 .*\nn1 stays up/);
  expect(said[0]).not.toContain('--replaces');
});

test('nobody is missing, and there are fewer nodes than replicas: new ones may come', async () => {
  const { said } = await waited({ nodes: 1, start: ['n1'], members: ['n1'] });
  expect(said[0]).toMatch(/has 1 of the 3 nodes .* start with --nodes 3 .*\nn1 stays up/);
  const apart = await waited({ nodes: 2, start: ['n1', 'n4'], members: ['n1', 'n4'] });
  expect(apart.said[0]).toMatch(/has 2 of the 3 nodes .* start with --nodes 4 /);
});

test('a new cluster that does not serve is none, and another error is not waited out', async () => {
  await expect(waited({ members: [] })).rejects.toThrow('does not serve');
  await expect(waited({}, 1, new Error('no connection'))).rejects.toThrow('no connection');
});

test('told to end, it waits no longer', async () => {
  const ending = new AbortController();
  const probe = async (): Promise<string | undefined> => {
    ending.abort();
    throw new Error('the bus is closed');
  };
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  const { signal } = ending;
  expect(await untilServes({ course: settled, probe, say, signal })).toBeUndefined();
  expect(said).toEqual([]);
});

/** When `quorate up` asks, and what it says of nodes that come. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Course } from '../../../src/cli/up/course.js';
import type { LocalCluster } from '../../../src/cli/up/local-cluster.js';
import { Resizing } from '../../../src/cli/up/resizing.js';
import { ManualClock } from '../../support/manual-clock.js';

const settled: Course = {
  nodes: 3,
  start: ['n1', 'n2', 'n3'],
  come: [],
  grow: [],
  replaces: [],
  shrink: [],
  leaving: [],
  past: [],
  members: ['n1', 'n2', 'n3'],
  n: 3,
};
const { isTTY } = process.stdin;

beforeEach(() => void (process.stdin.isTTY = false));
afterEach(() => void (process.stdin.isTTY = isTTY));

function resizing(change: Partial<Course>, yes = false) {
  const clock = new ManualClock();
  const said: string[] = [];
  const course = { ...settled, ...change };
  const say = (line: string): void => void said.push(line);
  const { signal } = new AbortController();
  const options = { course, dataDir: '/data', yes, clock, say, signal };
  return { clock, said, it: new Resizing(options) };
}

const four = ['n1', 'n2', 'n3', 'n4'];

describe('nobody sits there', () => {
  test('as many as there are, those that wait, and what is meant: nothing to ask', async () => {
    await resizing({}).it.confirmStart();
    await resizing({ start: four, come: ['n4'] }).it.confirmStart();
    await resizing({ start: four, come: ['n4'], grow: ['n4'] }, true).it.confirmStart();
    await resizing({ shrink: ['n3'] }, true).it.confirmStart();
  });

  test.each([
    [
      { start: four, come: ['n4'], grow: ['n4'] },
      /cluster of 3 nodes, and n4 would come: say --yes .*, or leave --nodes away$/,
    ],
    [
      { come: ['n2'], grow: ['n2'] },
      /cluster of 2 nodes, and n2 would come: .*, or leave --nodes away$/,
    ],
    [{ nodes: 2, shrink: ['n3'] }, /3 nodes, and n3 would leave: .*, or leave --nodes away$/],
  ])('%j: refused, with how to go on', async (change, text) => {
    await expect(resizing(change).it.confirmStart()).rejects.toThrow(text);
  });
});

/** They serve when told. */
function arriving(): { readonly cluster: LocalCluster; readonly serve: () => void } {
  const told: (() => void)[] = [];
  const serving = new Promise<void>((resolve) => void told.push(resolve));
  const cluster = { serving: () => serving } as unknown as LocalCluster;
  return { cluster, serve: () => told.forEach((resolve) => resolve()) };
}

describe('those that come', () => {
  test('are waited for, and it is said', async () => {
    const { it, said } = resizing({ start: four, come: ['n4'] });
    const { cluster, serve } = arriving();
    const taken = it.takenIn(cluster);
    serve();
    await taken;
    expect(said).toEqual(['n4: taken in; quorate ring --watch shows what moves']);
  });

  test('not for ever: it goes on, and says it when they are', async () => {
    const { it, said, clock } = resizing({ start: four, come: ['n4'] });
    const { cluster, serve } = arriving();
    const taken = it.takenIn(cluster);
    clock.advance(60_000);
    await taken;
    expect(said).toEqual([expect.stringMatching(/^n4: not taken in yet/)]);
    serve();
    await nextTurn();
    expect(said[1]).toBe('n4: taken in');
  });
});

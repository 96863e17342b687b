import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Histogram, Metrics } from '../../src/seams/metrics.js';
import { instrumentsOfNode } from '../support/node-instruments.js';
import { repositoryRoot } from '../support/source-files.js';

describe('metrics: the registry', () => {
  test('counters are raised where they are, gauges are read when somebody asks', () => {
    const metrics = new Metrics();
    let level = 1;
    const read: number[] = [];
    const events = metrics.counter('part.events', 'what happened');
    metrics.gauge('part.level', 'how much there is', () => {
      read.push(level);
      return level;
    });
    events.value++;
    events.value += 2;
    level = 7;
    expect(read).toEqual([]);
    expect(metrics.values()).toEqual({ 'part.events': 3, 'part.level': 7 });
    expect(read).toEqual([7]);
  });

  test('a name that is taken, or has no part, is an error', () => {
    const metrics = new Metrics();
    metrics.counter('part.events', 'what happened');
    expect(() => metrics.counter('part.events', 'again')).toThrow('part.events already');
    expect(() => metrics.gauge('part.events', 'again', () => 0)).toThrow('part.events already');
    expect(() => metrics.histogram('part.events', 'again', [1])).toThrow('part.events already');
    for (const name of ['events', '.events', 'part.', 'part.a.b', 'a part.events', ''])
      expect(() => metrics.counter(name, '')).toThrow('no name of an instrument');
    expect(metrics.describe()).toHaveLength(1);
  });

  test('a histogram counts each value under the first bound that is not below it', () => {
    const metrics = new Metrics();
    const times = metrics.histogram('part.timeMs', 'how long', [1, 2, 4]);
    for (const value of [0, 1, 1.5, 2, 3, 4, 5, 1000]) times.observe(value);
    const reading = { upTo: [1, 2, 4], counts: [2, 2, 2, 2], sum: 1016.5 };
    expect(metrics.histograms()).toEqual({ 'part.timeMs': reading });
    expect(metrics.values()).toEqual({});
    times.observe(3);
    expect(reading.counts).toEqual([2, 2, 2, 2]);
    expect(metrics.histograms()['part.timeMs']!.counts).toEqual([2, 2, 3, 2]);
  });

  test('a histogram without bounds counts and adds', () => {
    const all = new Histogram([]);
    all.observe(3);
    expect(all).toMatchObject({ counts: [1], sum: 3 });
  });
});

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}

/** Scripts of users read these names. */
const namesSoFar = [
  ...['keys', 'memtableBytes', 'cacheBytes', 'logBytes', 'syncs', 'flushes', 'bloomNegatives'].map(
    (name) => `store.${name}`,
  ),
  ...[
    'calls',
    'tells',
    'served',
    'noResponders',
    'lateAnswers',
    'malformed',
    'handlerFailures',
  ].map((name) => `peers.${name}`),
  ...['puts', 'gets', 'failures', 'rounds', 'readRepairs', 'fallbacksUsed', 'hintsRefused'].map(
    (name) => `coordinator.${name}`,
  ),
  ...['roundsInFlight', 'requestsInFlight'].map((name) => `coordinator.${name}`),
  ...['delivered', 'rehomed', 'failures'].map((name) => `handoff.${name}`),
  ...['visits', 'pulled', 'pushed'].map((name) => `exchange.${name}`),
  ...['collected', 'pruned'].map((name) => `collection.${name}`),
];

test('metrics: no name of a counter was lost', () => {
  const names = instrumentsOfNode().map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(namesSoFar));
});

test('metrics: the table of the guide is what a node has registered', () => {
  const page = readFileSync(join(repositoryRoot(), 'src/guide/metrics.md'), 'utf8');
  const rows = Array.from(
    page.matchAll(/^\| `(\w+\.\w+)` \| (counter|gauge|histogram) \| (.+) \|$/gm),
    ([, name, kind, help]) => ({ name: name!, kind, help }),
  );
  expect(rows.sort(byName)).toEqual(instrumentsOfNode().sort(byName));
});

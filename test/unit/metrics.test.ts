import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { NodeStatusSource } from '../../src/api/node-status.js';
import { nodeOptionsDefault } from '../../src/options/node-options.js';
import { containerOf, nodePartsOf } from '../../src/node/parts.js';
import { Histogram, Metrics, type InstrumentDescription } from '../../src/seams/metrics.js';
import { Scheduler, SimProcess } from '../simulation/core/scheduler.js';
import { SimRandom } from '../simulation/core/sim-random.js';
import { Trace } from '../simulation/core/trace.js';
import { SimBus } from '../simulation/seams/sim-bus.js';
import { SimClock } from '../simulation/seams/sim-clock.js';
import { diskFaultsNone, SimDisk } from '../simulation/seams/sim-disk.js';
import { SimLogDirectory } from '../simulation/seams/sim-log-directory.js';
import { SimNats } from '../simulation/seams/sim-nats.js';
import { SimTables } from '../simulation/seams/sim-tables.js';
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

const nobodyAsks: NodeStatusSource = {
  status: () => {
    throw new Error('nobody asks');
  },
};

/** Those of a whole node. */
function instrumentsOfNode(): InstrumentDescription[] {
  const scheduler = new Scheduler(() => undefined);
  const process = new SimProcess('n1');
  const trace = new Trace({ keep: false });
  const random = new SimRandom('metrics');
  const host = { scheduler, process, trace };
  const disk = new SimDisk(random.fork('disk'), { ...diskFaultsNone });
  const nats = new SimNats(scheduler, random.fork('nats'), trace, {
    noise: { latencyUs: 100, lossPpm: 0, duplicatePpm: 0, reorderPpm: 0 },
    mapping: undefined,
    payloadBytesMax: 1024 * 1024,
    pendingBytesMax: 64 * 1024 * 1024,
  });
  const scope = containerOf(
    {
      clock: new SimClock(scheduler, process, { driftPpm: 0, wallOffsetMs: 0 }),
      random,
      bus: new SimBus(nats, 'n1', process),
      logDirectory: new SimLogDirectory(disk, host),
      tables: new SimTables(disk, host),
    },
    { ...nodeOptionsDefault, name: 'n1', dataDir: '' },
  );
  nodePartsOf(scope, { address: { id: 'a'.repeat(16), prefix: 'kv' }, status: nobodyAsks });
  return scope.resolve(Metrics).describe();
}

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

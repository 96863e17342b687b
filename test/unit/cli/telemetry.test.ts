/** What the metrics port tells, before any port. */
import { describe, expect, test } from '@jest/globals';
import { InvalidArgumentError } from 'commander';
import { nodeMachine } from '../../../actors/node/node.machine.js';
import type { NodeStatus } from '../../../src/api/node-status.js';
import { addressOfNode, listenAddress } from '../../../src/cli/parsers.js';
import { prometheusMetric } from '../../../src/cli/telemetry/metric-names.js';
import { metricsText } from '../../../src/cli/telemetry/metrics-text.js';
import { readinessOf } from '../../../src/cli/telemetry/readiness.js';
import { familiesOf, nodeStates } from '../../../src/cli/telemetry/readings.js';
import type { RunningNode } from '../../../src/node/start-node.js';
import type { InstrumentDescription } from '../../../src/seams/metrics.js';
import { faultsOf, parsed } from '../../support/prometheus-text.js';

const vitals = { cpuSeconds: 1.5, residentBytes: 4096, startedAtSeconds: 1e9 };

const status: NodeStatus = {
  id: 'a'.repeat(16),
  name: 'n"1\\',
  host: 'a\nb',
  zone: '',
  startedAs: 'n1',
  status: 'serving',
  pid: 1,
  uptimeMs: 1,
  partitions: 256,
  keys: 1,
  hints: 0,
  hintBytes: 0,
  clockAheadMs: 0,
  clockOffsetsMs: {},
  problems: ['one'],
  counters: { 'store.memtableBytes': 7, 'peers.lateAnswers': 3, 'clock.skewMs': -20 },
  histograms: { 'api.answerMs': { upTo: [0.25, 1000], counts: [1, 2, 3], sum: 4500 } },
};

const instruments: InstrumentDescription[] = [
  { name: 'store.memtableBytes', kind: 'gauge', help: 'memory' },
  { name: 'peers.lateAnswers', kind: 'counter', help: 'late' },
  { name: 'clock.skewMs', kind: 'gauge', help: 'skew' },
  { name: 'api.answerMs', kind: 'histogram', help: 'how long' },
  { name: 'later.made', kind: 'counter', help: 'of a part that is not there yet' },
];

describe('names', () => {
  test.each([
    ['store.memtableBytes', 'gauge', 'quorate_store_memtable_bytes', 1],
    ['peers.lateAnswers', 'counter', 'quorate_peers_late_answers_total', 1],
    ['exchange.bytes', 'counter', 'quorate_exchange_bytes_total', 1],
    ['loop.lagMs', 'histogram', 'quorate_loop_lag_seconds', 0.001],
    ['clock.aheadMs', 'gauge', 'quorate_clock_ahead_seconds', 0.001],
    ['watch.open', 'gauge', 'quorate_watch_open', 1],
  ] as const)('%s, a %s, is %s', (name, kind, expected, scale) => {
    const metric = prometheusMetric({ name, kind, help: 'how much there is' });
    expect(metric).toEqual({ name: expected, kind, help: 'How much there is.', scale });
  });
});

describe('text', () => {
  const families = familiesOf({ status, instruments }, true, vitals);

  test('is of the format, whatever nodes are called', async () => {
    const text = await metricsText(families);
    expect(faultsOf(text)).toEqual([]);
    expect(text).toContain(
      `quorate_node_info{id="${status.id}",name="n\\"1\\\\",host="a\\nb",zone=""} 1\n`,
    );
  });

  test('says times in seconds, and counts buckets with those below', async () => {
    const text = await metricsText(families);
    const answers = parsed(text).find(({ name }) => name === 'quorate_api_answer_seconds');
    expect(answers!.metrics).toEqual([
      { buckets: { '0.00025': '1', 1: '3', '+Inf': '6' }, count: '6', sum: '4.5' },
    ]);
    expect(text).toContain('\nquorate_clock_skew_seconds -0.02\n');
    expect(text).toContain('\nquorate_peers_late_answers_total 3\n');
    expect(text).not.toContain('later');
  });

  test('has every state that a chart of a node has', () => {
    expect(nodeStates).toEqual(expect.arrayContaining(Object.keys(nodeMachine.config.states!)));
  });
});

describe('its lint finds', () => {
  const good = '# HELP quorate_a_total A.\n# TYPE quorate_a_total counter\nquorate_a_total 1\n';
  const times =
    '# HELP quorate_t_seconds A.\n# TYPE quorate_t_seconds histogram\nquorate_t_seconds_bucket{le="1"} 2\nquorate_t_seconds_bucket{le="+Inf"} 2\nquorate_t_seconds_sum 1\nquorate_t_seconds_count 2\n';

  test('nothing where nothing is wrong', () => {
    expect(faultsOf(good + times)).toEqual([]);
  });

  test.each([
    ['a counter without _total', good.replaceAll('_total', '')],
    ['a gauge with it', good.replace('counter', 'gauge')],
    ['a metric that is there twice', good + good],
    ['a value without help', good.replace(/# HELP.*\n/, '')],
    ['a value without type', good.replace(/# TYPE.*\n/, '')],
    ['an empty help', good.replace('A.', ' ')],
    ['milliseconds', good.replaceAll('quorate_a', 'quorate_a_ms')],
    ['capitals', good.replaceAll('quorate_a', 'quorate_aB')],
    ['a unit in the middle', good.replaceAll('quorate_a', 'quorate_bytes_a')],
    ['a value that is none', good.replace(' 1\n', ' NaN\n')],
    ['a counter below 0', good.replace(' 1\n', ' -1\n')],
    ['a line that is none', `${good}quorate_a_total{\n`],
    ['no end of the last line', good.trimEnd()],
    ['a histogram that counts others', times.replace('_count 2', '_count 3')],
    ['buckets that shrink', times.replace('{le="1"} 2', '{le="1"} 3')],
    ['no bucket for all', times.replace(/.*Inf.*\n/, '')],
  ])('%s', (_, text) => {
    expect(faultsOf(text)).not.toEqual([]);
  });
});

function node(state: string, connected = true): RunningNode {
  return { status: () => ({ ...status, status: state }), link: { connected } } as RunningNode;
}

describe('ready', () => {
  test('is a node that serves, though its disk be full', () => {
    expect(readinessOf(node('serving'))).toEqual({ ready: true, state: 'serving' });
    expect(readinessOf(node('readOnly'))).toEqual({ ready: true, state: 'readOnly' });
  });

  test('is none that starts, ends, is cut off, or has no server', () => {
    expect(readinessOf(undefined).ready).toBe(false);
    for (const state of nodeStates.filter((each) => !['serving', 'readOnly'].includes(each)))
      expect(readinessOf(node(state))).toMatchObject({ ready: false, state });
    expect(readinessOf(node('serving', false)).ready).toBe(false);
  });
});

describe('where it listens', () => {
  test('is this machine alone, unless a host is named', () => {
    expect(listenAddress('9464')).toEqual({ host: '127.0.0.1', port: 9464 });
    expect(listenAddress('0.0.0.0:1')).toEqual({ host: '0.0.0.0', port: 1 });
    expect(listenAddress('[::]:9464')).toEqual({ host: '::', port: 9464 });
    expect(listenAddress('node-1.example:9464')).toEqual({ host: 'node-1.example', port: 9464 });
  });

  test.each(['', ':', ':9464', '0', '65536', 'a', 'a:b', '::1:80', '[::1]', 'a b:1', '-1'])(
    'is not %j',
    (text) => {
      expect(() => listenAddress(text)).toThrow(InvalidArgumentError);
    },
  );

  test('on one machine each node has its own port', () => {
    expect(addressOfNode({ host: '127.0.0.1', port: 9464 }, 1)).toBe('127.0.0.1:9464');
    expect(addressOfNode({ host: '::', port: 9464 }, 5)).toBe('[::]:9468');
  });
});

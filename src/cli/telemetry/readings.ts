/** What the metrics port tells, as plain values: pure, from what a node says of itself. */
import type { NodeStatus } from '../../api/node-status.js';
import type { HistogramReading, InstrumentDescription } from '../../seams/metrics.js';
import { prometheusMetric } from './metric-names.js';

export interface ValueFamily {
  readonly kind: 'counter' | 'gauge';
  readonly name: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface HistogramFamily {
  readonly kind: 'histogram';
  readonly name: string;
  readonly help: string;
  readonly reading: HistogramReading;
}

export type Family = ValueFamily | HistogramFamily;

/** Of the process, which the node does not know. */
export interface ProcessVitals {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly startedAtSeconds: number;
}

export interface NodeReadings {
  readonly status: NodeStatus;
  readonly instruments: readonly InstrumentDescription[];
}

/** States of a node's chart, and what it says of itself while it serves and a part of it is ill. */
export const nodeStates = [
  'starting',
  'recovering',
  'connecting',
  'joining',
  'serving',
  'readOnly',
  'cutOff',
  'draining',
  'closing',
  'stopped',
  'failed',
] as const;

/** `node`: undefined before it has read its disk. */
export function familiesOf(
  node: NodeReadings | undefined,
  isReady: boolean,
  vitals: ProcessVitals,
): Family[] {
  const state = node?.status.status ?? 'starting';
  return [
    ...ofProcess(vitals),
    gauge('quorate_node_ready', 'Whether it takes requests, as /ready says it: 1 or 0.', isReady),
    {
      kind: 'gauge',
      name: 'quorate_node_state',
      help: 'The state of the node: 1 for the one it is in, 0 for the others.',
      samples: nodeStates.map((each) => ({
        labels: { state: each },
        value: Number(each === state),
      })),
    },
    ...(node === undefined ? [] : [...ofStatus(node.status), ...ofInstruments(node)]),
  ];
}

function ofProcess({ cpuSeconds, residentBytes, startedAtSeconds }: ProcessVitals): Family[] {
  const help = 'Total user and system CPU time spent in seconds.';
  const samples = [{ labels: {}, value: cpuSeconds }];
  return [
    { kind: 'counter', name: 'process_cpu_seconds_total', help, samples },
    gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', residentBytes),
    gauge(
      'process_start_time_seconds',
      'Start time of the process since unix epoch in seconds.',
      startedAtSeconds,
    ),
  ];
}

function ofStatus(status: NodeStatus): Family[] {
  const { id, name, host, zone, partitions, problems } = status;
  return [
    {
      kind: 'gauge',
      name: 'quorate_node_info',
      help: 'Always 1; who it is, by the configuration of its cluster.',
      samples: [{ labels: { id, name, host, zone }, value: 1 }],
    },
    gauge('quorate_node_partitions', 'Partitions it is a primary of.', partitions),
    gauge(
      'quorate_node_problems',
      'What an operator must know and the node cannot mend itself; quorate status has the texts.',
      problems.length,
    ),
  ];
}

function ofInstruments({ status, instruments }: NodeReadings): Family[] {
  return instruments.flatMap((instrument): Family[] => {
    const { name, kind, help, scale } = prometheusMetric(instrument);
    if (kind === 'histogram') {
      const reading = status.histograms[instrument.name];
      if (reading === undefined) return [];
      return [{ kind, name, help, reading: scaled(reading, scale) }];
    }
    const value = status.counters[instrument.name];
    if (value === undefined) return [];
    return [{ kind, name, help, samples: [{ labels: {}, value: value * scale }] }];
  });
}

function scaled({ upTo, counts, sum }: HistogramReading, scale: number): HistogramReading {
  return { upTo: upTo.map((bound) => bound * scale), counts, sum: sum * scale };
}

function gauge(name: string, help: string, value: number | boolean): ValueFamily {
  return { kind: 'gauge', name, help, samples: [{ labels: {}, value: Number(value) }] };
}

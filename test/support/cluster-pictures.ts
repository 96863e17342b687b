/** What the dashboard's page is told of a cluster, made up as far as a test says. */
import type {
  ClusterPicture,
  EventNote,
  NodePicture,
  NodeView,
  Rates,
  RingPicture,
  StatusPicture,
} from '../../src/dashboard/wire.js';
import { ringMessageOf, type RingNode } from '../../src/wire/ring-message.js';

export const idOf = (name: string): string => name.slice(1).padStart(16, '0');

export const noRates: Rates = { puts: 0, gets: 0, failures: 0, p50Ms: null, p99Ms: null };

export interface RingShape {
  readonly names: readonly string[];
  readonly partitions?: number;
  /** Names, by partition. */
  readonly lists: (partition: number) => readonly string[];
  readonly next?: (partition: number) => readonly string[];
  readonly moved?: readonly number[];
}

const ids = (list: readonly string[]): string[] => list.map(idOf);

/** N is 3. */
export function ringWith({
  names,
  partitions = 8,
  lists,
  next,
  moved = [],
}: RingShape): RingPicture {
  return ringMessageOf({
    epoch: 4,
    partitions,
    nodes: names.map((name): RingNode => ({
      id: idOf(name),
      name,
      host: `host-${name}`,
      zone: '',
      reachability: 'alive',
    })),
    n: 3,
    r: 2,
    buckets: [],
    layout: {
      preferenceList: (partition) => ids(lists(partition)),
      ...(next !== undefined && {
        next: {
          preferenceList: (partition: number) => ids(next(partition)),
          hasMoved: (partition: number) => moved.includes(partition),
        },
      }),
    },
  });
}

export function statusWith(name: string, more: Partial<StatusPicture> = {}): StatusPicture {
  return {
    id: idOf(name),
    name,
    host: `host-${name}`,
    zone: '',
    status: 'serving',
    pid: 1,
    uptimeMs: 1_000,
    partitions: 8,
    keys: 0,
    hints: 0,
    hintBytes: 0,
    clockAheadMs: 0,
    clockOffsetsMs: {},
    problems: [],
    counters: {},
    histograms: {},
    ...more,
  };
}

export function viewWith(more: Partial<NodeView> = {}): NodeView {
  return { reach: {}, absent: [], hints: {}, charts: [], ...more };
}

export function nodeWith(name: string, more: Partial<NodePicture> = {}): NodePicture {
  return {
    id: idOf(name),
    name,
    host: `host-${name}`,
    zone: '',
    status: statusWith(name),
    silentMs: 0,
    reach: 'alive',
    isRemoved: false,
    isLeaving: false,
    view: viewWith(),
    rates: noRates,
    ...more,
  };
}

export function pictureWith(
  nodes: readonly NodePicture[],
  more: Partial<ClusterPicture> = {},
): ClusterPicture {
  return { atMs: 1_000, servers: '', nodes, ring: null, rates: noRates, problems: [], ...more };
}

export function eventWith(
  atMs: number,
  name: string,
  what: EventNote['what'],
  more: Partial<EventNote> = {},
): EventNote {
  return { kind: 'event', atUs: atMs * 1_000, node: idOf(name), what, text: what, ...more };
}

/**
 * What `kv.ring` answers: enough for a client to send each request to the primary that would
 * coordinate it. One shape for MessagePack (`encodeDocument`) and JSON (`Kv-Accept: json`).
 *
 * While partitions move it also says what to. A client that does not read that goes on with the
 * owners before the move: they are sent every write until it is over, pass on what others
 * coordinate, and refuse to show what they do not answer for.
 */
import { isNodeId, type NodeId } from '../../actors/rules/actor.js';
import type { ClusterId } from '../../actors/rules/configuration.js';
import { limits } from '../../actors/rules/limits.js';
import type { JoinWish } from '../../actors/rules/membership.js';
import type { Layout, NextLayout } from '../../actors/rules/placement.js';
import type { Moment } from '../../actors/rules/told-clock.js';
import { MalformedError } from '../errors.js';
import { isLabelText } from './text.js';

export interface RingMessage extends PreferenceLists {
  /** The number of the layout. */
  readonly epoch: number;
  /** Whose layouts have these numbers: of one cluster's, a lower one is older. */
  readonly cluster?: ClusterId;
  /** Only where the one who answers has heard a node of another cluster on the same subjects. */
  readonly sharesSubjects?: true;
  readonly nodes: readonly RingNode[];
  /** N and default R of buckets that name none of their own. */
  readonly n: number;
  readonly r: number;
  /** Buckets that differ from them. */
  readonly buckets: readonly RingBucket[];
  /** Only while partitions move. */
  readonly move?: RingMove;
}

interface PreferenceLists {
  /**
   * Distinct preference lists, as indexes into `nodes`; cut after `ringListLengthMax`, empty while
   * no cluster is founded.
   */
  readonly groups: readonly (readonly number[])[];
  /** Partition → index into `groups`; its length is the number of partitions. */
  readonly groupOf: readonly number[];
}

/** To these lists. */
export interface RingMove extends PreferenceLists {
  /** The partitions that have moved; ascending, no two runs touch. */
  readonly moved: readonly Run[];
}

export type Run = readonly [first: number, last: number];

export type RingBucket = readonly [bucket: string, n: number, r: number];

export interface RingNode {
  readonly id: NodeId;
  readonly name: string;
  readonly host: string;
  readonly zone: string;
  /** Its share of the data, in proportion to others. */
  readonly weight?: number;
  readonly reachability: 'alive' | 'suspect' | 'down';
  /** Declared gone for good: it is `down` and never returns. */
  readonly removed?: true;
  /** It hands on what it holds, or is about to, and goes. */
  readonly leaving?: true;
  /** No member, to be taken in: by itself, or once an operator says so. */
  readonly waits?: JoinWish['join'];
  /** What its monotonic clock shows at least, as far as the answering node knows. */
  readonly clock?: Moment;
}

const bucketPattern = /^[^\s.*>\p{Cc}]+$/u;

const reachabilities = ['alive', 'suspect', 'down'] as const;
const joins = ['auto', 'ask'] as const;

export interface RingSource {
  readonly epoch: number;
  readonly cluster?: ClusterId | undefined;
  readonly sharesSubjects?: boolean;
  readonly partitions: number;
  readonly nodes: readonly RingNode[];
  readonly n: number;
  readonly r: number;
  readonly buckets: readonly RingBucket[];
  readonly layout: Layout;
}

/** The message of a ring, with equal preference lists folded into groups. */
export function ringMessageOf(source: RingSource): RingMessage {
  const { epoch, cluster, nodes, n, r, buckets, layout } = source;
  const { next } = layout;
  return {
    epoch,
    ...(cluster !== undefined && { cluster }),
    ...(source.sharesSubjects === true && { sharesSubjects: true as const }),
    nodes,
    n,
    r,
    buckets,
    ...listsOf(source, layout),
    ...(next !== undefined && {
      move: { ...listsOf(source, next), moved: runsOf(source.partitions, next) },
    }),
  };
}

function listsOf(
  { nodes, partitions }: RingSource,
  layout: Pick<Layout, 'preferenceList'>,
): PreferenceLists {
  const indexOf = new Map(nodes.map((node, index) => [node.id, index]));
  const groups: number[][] = [];
  const known = new Map<string, number>();
  const groupOf: number[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    const list: number[] = [];
    for (const node of layout.preferenceList(partition).slice(0, limits.ringListLengthMax)) {
      const index = indexOf.get(node);
      if (index !== undefined) list.push(index);
    }
    const name = list.join(' ');
    let group = known.get(name);
    if (group === undefined) {
      group = groups.push(list) - 1;
      known.set(name, group);
    }
    groupOf.push(group);
  }
  return { groups, groupOf };
}

function runsOf(partitions: number, next: NextLayout): Run[] {
  const runs: [number, number][] = [];
  for (let partition = 0; partition < partitions; partition++) {
    if (!next.hasMoved(partition)) continue;
    const last = runs.at(-1);
    if (last?.[1] === partition - 1) last[1] = partition;
    else runs.push([partition, partition]);
  }
  return runs;
}

/** What placements follow from, as a client knows it. */
export function layoutOf({ nodes, groups, groupOf, move }: RingMessage): Layout {
  const listOf = (lists: PreferenceLists, partition: number): NodeId[] =>
    lists.groups[lists.groupOf[partition]!]!.map((index) => nodes[index]!.id);
  const layout = {
    preferenceList: (partition: number) => listOf({ groups, groupOf }, partition),
  };
  if (move === undefined) return layout;
  const moved = movedOf(move);
  const next: NextLayout = {
    preferenceList: (partition) => listOf(move, partition),
    hasMoved: (partition) => moved.has(partition),
  };
  return { ...layout, next };
}

/** Partition → a number that it shares with those that have the same placement. */
export function placementGroupsOf({ groupOf, move }: RingMessage): readonly number[] {
  if (move === undefined) return groupOf;
  const moved = movedOf(move);
  const known = new Map<string, number>();
  return groupOf.map((group, partition) => {
    const name = `${group} ${move.groupOf[partition]} ${moved.has(partition)}`;
    const number = known.get(name) ?? known.size;
    known.set(name, number);
    return number;
  });
}

function movedOf({ moved }: RingMove): ReadonlySet<number> {
  const partitions = new Set<number>();
  for (const [first, last] of moved)
    for (let partition = first; partition <= last; partition++) partitions.add(partition);
  return partitions;
}

/** Throws `MalformedError` on anything that is not one whole, consistent ring. */
export function ringFromDocument(document: unknown): RingMessage {
  const ring = record(document, 'ring');
  const nodes = array(ring['nodes'], 'nodes').map(nodeFrom);
  if (nodes.length > limits.membersMax) throw new MalformedError('ring of too many nodes');
  const lists = listsFrom(ring, nodes.length);
  const partitions = lists.groupOf.length;
  if (partitions > limits.partitionsMax) throw new MalformedError('ring of too many partitions');
  if (partitions === 0) throw new MalformedError('ring of no partitions');
  const epoch = natural(ring['epoch'], 'epoch');
  const n = natural(ring['n'], 'n');
  const r = natural(ring['r'], 'r');
  const buckets = array(ring['buckets'], 'buckets').map(bucketFrom);
  const { cluster, move } = ring;
  return {
    epoch,
    ...(cluster !== undefined && { cluster: natural(cluster, 'id of a cluster') }),
    nodes,
    n,
    r,
    buckets,
    ...lists,
    ...(move !== undefined && { move: moveFrom(move, { nodes: nodes.length, partitions }) }),
  };
}

function listsFrom(document: Readonly<Record<string, unknown>>, nodes: number): PreferenceLists {
  const groupOf = naturals(document['groupOf'], 'groupOf');
  const groups = array(document['groups'], 'groups').map((group) => naturals(group, 'group'));
  if (groups.length > groupOf.length) throw new MalformedError('ring of groups without partitions');
  if (groupOf.some((group) => group >= groups.length))
    throw new MalformedError('ring names a group it does not have');
  if (groups.some((group) => group.length > nodes || group.some((node) => node >= nodes)))
    throw new MalformedError('ring names a node it does not have');
  return { groups, groupOf };
}

function moveFrom(
  document: unknown,
  { nodes, partitions }: { readonly nodes: number; readonly partitions: number },
): RingMove {
  const move = record(document, 'move');
  const lists = listsFrom(move, nodes);
  if (lists.groupOf.length !== partitions)
    throw new MalformedError('move of other partitions than those of the ring');
  let free = 0;
  const moved = array(move['moved'], 'moved').map((run): Run => {
    const [first, last, ...more] = naturals(run, 'run of partitions');
    const isRun = first !== undefined && last !== undefined && more.length === 0;
    if (!isRun || first < free || last < first || last >= partitions)
      throw new MalformedError('partitions that have moved are no ascending runs');
    // The next one would belong to this run.
    free = last + 2;
    return [first, last];
  });
  return { ...lists, moved };
}

function nodeFrom(document: unknown): RingNode {
  const node = record(document, 'node');
  const reachability = reachabilities.find((known) => known === node['reachability']);
  const waits = joins.find((known) => known === node['waits']);
  if (reachability === undefined) throw new MalformedError('node of unknown reachability');
  return {
    id: nodeId(node['id']),
    name: label(node['name'], 'node name'),
    host: label(node['host'], 'node host'),
    zone: label(node['zone'], 'node zone'),
    reachability,
    ...(node['weight'] !== undefined && { weight: weightOf(node['weight']) }),
    ...(node['removed'] === true && { removed: true }),
    ...(node['leaving'] === true && { leaving: true }),
    ...(waits !== undefined && { waits }),
    ...clockFrom(node['clock']),
  };
}

/** 0: it holds nothing. */
function weightOf(value: unknown): number {
  if (typeof value === 'number' && value >= 0 && value <= limits.weightMax) return value;
  throw new MalformedError('node weight is none');
}

function clockFrom(document: unknown): { readonly clock?: Moment } {
  if (document === undefined) return {};
  const clock = record(document, 'clock');
  const process = natural(clock['process'], 'process of a clock');
  return { clock: { process, ms: natural(clock['ms'], 'ms of a clock') } };
}

function bucketFrom(document: unknown): RingBucket {
  const [bucket, n, r] = array(document, 'bucket');
  const name = text(bucket, 'bucket');
  if (!bucketPattern.test(name) || Buffer.byteLength(name) > limits.bucketBytesMax)
    throw new MalformedError('ring of a bucket that is no token');
  return [name, natural(n, 'n of a bucket'), natural(r, 'r of a bucket')];
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new MalformedError(`${what} is not an object`);
  return value as Readonly<Record<string, unknown>>;
}

function array(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new MalformedError(`${what} is not an array`);
  return value as readonly unknown[];
}

function naturals(value: unknown, what: string): number[] {
  return array(value, what).map((element) => natural(element, what));
}

function text(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new MalformedError(`${what} is not a string`);
  return value;
}

/** It becomes part of a subject. */
function nodeId(value: unknown): NodeId {
  const id = text(value, 'node id');
  if (!isNodeId(id)) throw new MalformedError('node id is not 16 hex digits');
  return id;
}

function label(value: unknown, what: string): string {
  const name = text(value, what);
  if (!isLabelText(name)) throw new MalformedError(`${what} is too long or has control characters`);
  return name;
}

function natural(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new MalformedError(`${what} is not a natural number`);
  return value;
}

/**
 * What `kv.ring` answers: enough for a client to send each request to the primary that would
 * coordinate it. One shape for MessagePack (`encodeDocument`) and JSON (`Kv-Accept: json`).
 *
 * While partitions move it also says what to. A client that does not read that goes on with the
 * owners before the move: they are sent every write until it is over, pass on what others
 * coordinate, and refuse to show what they do not answer for.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import type { ClusterId } from '../../actors/rules/configuration.js';
import { limits } from '../../actors/rules/limits.js';
import type { JoinWish } from '../../actors/rules/membership.js';
import type { Layout, NextLayout } from '../../actors/rules/placement.js';
import { type Spread, spreadOf } from '../../actors/rules/spread.js';
import type { Moment } from '../../actors/rules/told-clock.js';

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
  /** Only where conflicts of some buckets are resolved by a service (`kv.resolve.<bucket>`). */
  readonly resolvers?: RingResolvers;
  /** Only while partitions move. */
  readonly move?: RingMove;
}

export interface RingResolvers {
  /** Of buckets that are not named here. */
  readonly usual: boolean;
  /** Those where it is the other way round. */
  readonly others: readonly string[];
}

/** Whether a service resolves conflicts of the bucket. */
export function isResolvedByService(
  { resolvers }: Pick<RingMessage, 'resolvers'>,
  bucket: string,
): boolean {
  return resolvers !== undefined && resolvers.others.includes(bucket) !== resolvers.usual;
}

export interface PreferenceLists {
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
  /** N after it, where it changes: of buckets that name none of their own, and of others. */
  readonly n?: number;
  readonly buckets?: readonly (readonly [bucket: string, n: number])[];
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

export interface RingSource {
  readonly epoch: number;
  readonly cluster?: ClusterId | undefined;
  readonly sharesSubjects?: boolean;
  readonly partitions: number;
  readonly nodes: readonly RingNode[];
  readonly n: number;
  readonly r: number;
  readonly buckets: readonly RingBucket[];
  readonly resolvers?: RingResolvers;
  readonly layout: Layout;
  /** N after the move, where it changes. */
  readonly resized?: Pick<RingMove, 'n' | 'buckets'>;
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
    ...(source.resolvers !== undefined && { resolvers: source.resolvers }),
    ...(next !== undefined && {
      move: {
        ...listsOf(source, next),
        moved: runsOf(source.partitions, next),
        ...source.resized,
      },
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

/** How many nodes keep keys of the bucket; undefined: of those that name no N of their own. */
export function spreadIn(
  { n, buckets, move }: Pick<RingMessage, 'n' | 'buckets' | 'move'>,
  bucket?: string,
): Spread {
  const own = buckets.find(([name]) => name === bucket);
  if (own === undefined) return spreadOf(n, move?.n);
  const after = move?.buckets?.find(([name]) => name === bucket);
  return spreadOf(own[1], after?.[1]);
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

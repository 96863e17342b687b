/**
 * What a move does, for those who are to decide on it or who watch it: what each node has before
 * and after, what has still to move, and what is or would be in danger.
 */
import type { NodeId } from './actor.js';
import { type Configuration, type Place, placeOf } from './configuration.js';
import { layoutOf } from './layout.js';
import { transferLimits } from './limits/transfer.js';
import { hasMoved, isMoving, type Placement, placementOf } from './placement.js';

export interface Circumstances {
  /** The most replicas that a bucket has, and the smallest W. */
  readonly n: number;
  readonly w: number;
  /** Of one replica of each partition. */
  readonly bytes: readonly number[];
  /** Whom nobody hears now. */
  readonly down: readonly NodeId[];
}

export interface Preview {
  /** Those that own anything before or after, ascending. */
  readonly nodes: readonly NodePreview[];
  readonly toMove: Amount;
  /** Until the last node has what comes to it, where nodes have little else to do; ms. */
  readonly expectedMs: number;
  /** By the nodes that would share them. */
  readonly shared: readonly SharedPlace[];
  /** Partitions of which an owner is down now. */
  readonly atRisk: readonly PartitionAtRisk[];
  /** Of those that have to move: too few owners are up for it now. */
  readonly held: readonly number[];
}

/** Replicas of partitions. */
export interface Amount {
  readonly partitions: number;
  readonly bytes: number;
}

export interface NodePreview {
  readonly place: Place;
  readonly before: Amount;
  readonly after: Amount;
  /** To it, of what it is to have. */
  readonly toMove: Amount;
}

/** Several owners of a partition on one host, or in one zone where there are others. */
export interface SharedPlace {
  readonly what: 'host' | 'zone';
  readonly name: string;
  readonly nodes: readonly NodeId[];
  readonly partitions: number;
}

export interface PartitionAtRisk {
  readonly partition: number;
  readonly down: readonly NodeId[];
  readonly up: number;
}

export function previewOf(
  configuration: Configuration,
  { n, w, bytes, down }: Circumstances,
): Preview {
  const layout = layoutOf(configuration);
  const away = new Set([...down, ...configuration.removed]);
  const sums = new Sums(bytes);
  const atRisk: PartitionAtRisk[] = [];
  const held: number[] = [];
  const owners: (readonly NodeId[])[] = [];
  for (let partition = 0; partition < configuration.partitions; partition++) {
    const placement = placementOf(layout, partition, n);
    const { primaries, readers } = placement;
    const after = isMoving(placement) ? placement.incoming : primaries;
    const targets = targetsOf(placement);
    owners.push(after);
    sums.add('before', primaries, partition);
    sums.add('after', after, partition);
    sums.add('toMove', targets, partition);
    const missing = readers.filter((node) => away.has(node));
    const up = readers.length - missing.length;
    if (missing.length > 0) atRisk.push({ partition, down: missing, up });
    const sources = primaries.filter((node) => !away.has(node)).length;
    if (targets.length > 0 && sources < primaries.length - w + 1) held.push(partition);
  }
  const nodes = sums.of(configuration);
  return {
    nodes,
    toMove: sums.total('toMove'),
    expectedMs: Math.max(0, ...nodes.map((node) => receivedAfterMs(node.toMove))),
    shared: sharedOf(configuration, owners),
    atRisk,
    held,
  };
}

/** Nodes receive beside each other, each from all its sources. */
function receivedAfterMs({ partitions, bytes }: Amount): number {
  const { expectedMsPerPartition, expectedBytesPerMs } = transferLimits;
  return Math.ceil(partitions * expectedMsPerPartition + bytes / expectedBytesPerMs);
}

/** Who has still to be brought what others hold. */
function targetsOf(placement: Placement): readonly NodeId[] {
  const { primaries, incoming } = placement;
  if (!isMoving(placement) || hasMoved(placement)) return [];
  return incoming.filter((node) => !primaries.includes(node));
}

type When = 'before' | 'after' | 'toMove';

const nothing: Amount = { partitions: 0, bytes: 0 };

class Sums {
  private readonly amounts = new Map<NodeId, Record<When, Amount>>();

  constructor(private readonly bytes: readonly number[]) {}

  add(when: When, nodes: readonly NodeId[], partition: number): void {
    for (const node of nodes) {
      const amounts = this.amounts.get(node) ?? {
        before: nothing,
        after: nothing,
        toMove: nothing,
      };
      const { partitions, bytes } = amounts[when];
      const more = { partitions: partitions + 1, bytes: bytes + (this.bytes[partition] ?? 0) };
      this.amounts.set(node, { ...amounts, [when]: more });
    }
  }

  of(configuration: Configuration): NodePreview[] {
    const nodes = [...this.amounts].sort(([a], [b]) => (a < b ? -1 : 1));
    return nodes.map(([id, { before, after, toMove }]) => {
      const place = placeOf(configuration, id)!;
      return { place, before, after, toMove };
    });
  }

  total(when: When): Amount {
    const all = [...this.amounts.values()].map((amounts) => amounts[when]);
    const partitions = all.reduce((sum, amount) => sum + amount.partitions, 0);
    return { partitions, bytes: all.reduce((sum, amount) => sum + amount.bytes, 0) };
  }
}

function sharedOf(
  configuration: Configuration,
  owners: readonly (readonly NodeId[])[],
): SharedPlace[] {
  const { members, move } = configuration;
  const places = new Map((move?.members ?? members).map((place) => [place.id, place]));
  const hasZones = new Set([...places.values()].map(({ zone }) => zone)).size > 1;
  const shared = new Map<string, SharedPlace>();
  const kinds = hasZones ? (['host', 'zone'] as const) : (['host'] as const);
  for (const what of kinds) {
    for (const nodes of owners) {
      for (const name of new Set(nodes.map((node) => places.get(node)![what]))) {
        const together = nodes.filter((node) => places.get(node)![what] === name).sort();
        if (together.length < 2) continue;
        const key = JSON.stringify([what, name, together]);
        const partitions = (shared.get(key)?.partitions ?? 0) + 1;
        shared.set(key, { what, name, nodes: together, partitions });
      }
    }
  }
  return [...shared.values()].sort((a, b) => b.partitions - a.partitions);
}

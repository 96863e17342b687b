/** Who sees whom how: a row for each node that looks, a column for each that is looked at. */
import { clusterViewLimits } from '../../../../../actors/rules/limits/cluster-view.js';
import type { ClusterPicture, NodePicture } from '../../../wire.js';

/** `untold`: who looks did not say. */
export type Sight = 'itself' | 'alive' | 'suspect' | 'down' | 'absent' | 'untold';

export interface SightRow {
  readonly id: string;
  /** It did not answer of late: what it said last is all there is. */
  readonly isSilent: boolean;
  /** In the order of the columns, which is that of the rows. */
  readonly sights: readonly Sight[];
}

export function sightRows({ nodes }: Pick<ClusterPicture, 'nodes'>): SightRow[] {
  return nodes.map((node) => ({
    id: node.id,
    isSilent: isSilent(node),
    sights: nodes.map(({ id }) => sightOf(node, id)),
  }));
}

function sightOf({ id, view }: NodePicture, seen: string): Sight {
  if (id === seen) return 'itself';
  if (view === null) return 'untold';
  const reach = view.reach[seen];
  // NATS says that nobody is there: whoever is down and not absent may hang.
  if (reach === 'down' && view.absent.includes(seen)) return 'absent';
  return reach ?? 'untold';
}

/** The polls of some seconds went by without an answer. */
export function isSilent({ silentMs, status }: Pick<NodePicture, 'silentMs' | 'status'>): boolean {
  return status === null || silentMs > clusterViewLimits.staleMsMin;
}

export interface Opinion {
  readonly id: string;
  /** So many of those that said something of it. */
  readonly alive: number;
  readonly said: number;
}

/** Of each node, what the others that answer think of it. */
export function opinionsOf(rows: readonly SightRow[]): Opinion[] {
  return rows.map(({ id }, column) => {
    const sights = rows
      .filter((row) => row.id !== id && !row.isSilent)
      .map(({ sights }) => sights[column]!)
      .filter((sight) => sight !== 'untold');
    return {
      id,
      alive: sights.filter((sight) => sight === 'alive').length,
      said: sights.length,
    };
  });
}

/** Partitions that are known to differ between nodes, and who knows it. */
export function differingPartitions({
  nodes,
}: Pick<ClusterPicture, 'nodes'>): ReadonlyMap<number, readonly string[]> {
  const knowing = new Map<number, string[]>();
  for (const { id, view } of nodes)
    for (const partition of view?.differing ?? [])
      knowing.set(partition, [...(knowing.get(partition) ?? []), id]);
  return knowing;
}

export interface HintFlow {
  /** Who holds the hints. */
  readonly from: string;
  /** Whom they are owed to. */
  readonly to: string;
  readonly count: number;
}

/** Most first. */
export function hintFlows({ nodes }: Pick<ClusterPicture, 'nodes'>): HintFlow[] {
  return nodes
    .flatMap(({ id, view }) =>
      Object.entries(view?.hints ?? {}).map(([to, count]) => ({ from: id, to, count })),
    )
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => b.count - a.count);
}

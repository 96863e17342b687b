/** Where a key lives: its partition, and which nodes do what for it. */
import type { NodeId } from '../../actors/rules/actor.js';
import { partitionOf } from '../../actors/rules/key.js';
import { isMoving, placementOf, type Placement } from '../../actors/rules/placement.js';
import { bucketOf, keyOf } from '../client/bucket-options.js';
import { UnavailableError } from '../errors.js';
import { layoutOf, type RingMessage, type RingNode } from '../wire/ring-message.js';
import { byteStringOf } from '../wire/text.js';
import { printJson, printLine, table } from './output.js';
import type { NamedKey } from './parsers.js';
import { stateOf } from './ring-text.js';

export interface KeyRow extends Pick<RingNode, 'name' | 'host' | 'zone' | 'id'> {
  readonly role: 'primary' | 'incoming' | 'fallback';
  readonly reachability: string;
}

export interface KeyPlace {
  readonly key: NamedKey;
  readonly partition: number;
  /** Of the ring. */
  readonly partitions: number;
  /** Replicas of its bucket. */
  readonly n: number;
  readonly moves: boolean;
  readonly hasMoved: boolean;
  readonly rows: readonly KeyRow[];
}

/** Throws `MalformedError` where no key can have that name. */
export function checkName({ bucket, key }: NamedKey): void {
  bucketOf(bucket);
  keyOf(key);
}

export function placeOf(ring: RingMessage, key: NamedKey): KeyPlace {
  const partitions = ring.groupOf.length;
  const bytes = { bucket: byteStringOf(key.bucket), key: byteStringOf(key.key) };
  const partition = partitionOf(bytes, partitions);
  const n = ring.buckets.find(([bucket]) => bucket === key.bucket)?.[1] ?? ring.n;
  const layout = layoutOf(ring);
  const placement = placementOf(layout, partition, n);
  if (placement.primaries.length === 0)
    throw new UnavailableError('the cluster is not founded yet: no node holds anything');
  const rows = rowsOf(ring, placement);
  const hasMoved = layout.next?.hasMoved(partition) === true;
  return { key, partition, partitions, n, moves: isMoving(placement), hasMoved, rows };
}

export function printPlace(place: KeyPlace, json: boolean): void {
  const { key, partition, moves, hasMoved, rows } = place;
  if (json) return printJson({ ...key, partition, ...(moves && { hasMoved }), nodes: rows });
  const state = hasMoved ? ', which has moved' : ', which moves';
  printLine(`${key.bucket}/${key.key} is in partition ${partition}${moves ? state : ''}`);
  printLine(
    table(
      ['ROLE', 'NAME', 'HOST', 'ZONE', 'STATUS', 'ID'],
      rows.map((row) => [row.role, row.name, row.host, row.zone, row.reachability, row.id]),
    ),
  );
}

function rowsOf(ring: RingMessage, { primaries, incoming, fallbacks }: Placement): KeyRow[] {
  const rows = (nodes: readonly NodeId[], role: KeyRow['role']): KeyRow[] =>
    nodes.map((id) => {
      const node = ring.nodes.find((known) => known.id === id)!;
      const { name, host, zone } = node;
      return { role, name, host, zone, reachability: stateOf(node), id };
    });
  const arriving = incoming.filter((node) => !primaries.includes(node));
  return [
    ...rows(primaries, 'primary'),
    ...rows(arriving, 'incoming'),
    ...rows(fallbacks, 'fallback'),
  ];
}

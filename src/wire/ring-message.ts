/**
 * What `kv.ring` answers: enough for a client to send each request to the primary that would coordinate it.
 * As JSON (`Kv-Accept: json`) it is the object itself; as MessagePack the columns of `ringToWire`:
 *
 *   [1, epoch, [[id, name, host, zone, reachability] …], n, [[bucket, n] …], groups: bin[], groupOf: bin]
 *
 * A group is a preference list as one byte per node (index into the nodes), empty while the cluster
 * is not founded; `groupOf` is a u16 per partition.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import { MalformedError } from '../errors.js';

export interface RingMessage {
  readonly epoch: number;
  readonly nodes: readonly RingNode[];
  /** N of buckets that name none of their own. */
  readonly n: number;
  /** Buckets whose N differs from the default. */
  readonly buckets: readonly (readonly [bucket: string, n: number])[];
  /** Distinct preference lists, as indexes into `nodes`; cut after `ringListLengthMax`. */
  readonly groups: readonly (readonly number[])[];
  /** Partition → index into `groups`; its length is the number of partitions. */
  readonly groupOf: readonly number[];
}

export interface RingNode {
  readonly id: NodeId;
  readonly name: string;
  readonly host: string;
  readonly zone: string;
  readonly reachability: 'alive' | 'suspect' | 'down';
}

/** Primaries and a few fallbacks; nobody routes further. Keeps the message small in large clusters. */
export const ringListLengthMax = 16;

const version = 1;
const reachabilities = ['alive', 'suspect', 'down'] as const;

type Wire = null | boolean | number | string | Uint8Array | readonly Wire[];

export interface RingSource {
  readonly epoch: number;
  readonly partitions: number;
  readonly nodes: readonly RingNode[];
  readonly n: number;
  readonly buckets: readonly (readonly [bucket: string, n: number])[];
  preferenceList(partition: number): readonly NodeId[];
}

/** The message of a ring, with equal preference lists folded into groups. */
export function ringMessageOf(source: RingSource): RingMessage {
  const indexOf = new Map(source.nodes.map((node, index) => [node.id, index]));
  const groups: number[][] = [];
  const known = new Map<string, number>();
  const groupOf: number[] = [];
  for (let partition = 0; partition < source.partitions; partition++) {
    const list: number[] = [];
    for (const node of source.preferenceList(partition).slice(0, ringListLengthMax)) {
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
  const { epoch, nodes, n, buckets } = source;
  return { epoch, nodes, n, buckets, groups, groupOf };
}

export function ringToWire(ring: RingMessage): Wire[] {
  const groupOf = Buffer.allocUnsafe(ring.groupOf.length * 2);
  ring.groupOf.forEach((group, partition) => groupOf.writeUInt16BE(group, partition * 2));
  return [
    version,
    ring.epoch,
    ring.nodes.map(({ id, name, host, zone, reachability }) => [
      id,
      name,
      host,
      zone,
      reachabilities.indexOf(reachability),
    ]),
    ring.n,
    ring.buckets,
    ring.groups.map((group) => Buffer.from(group)),
    groupOf,
  ];
}

/** Throws `MalformedError` on anything that is not one whole, consistent ring. */
export function ringFromWire(wire: unknown): RingMessage {
  const fields = array(wire, 'ring');
  if (fields[0] !== version) throw new MalformedError('ring of another version');
  const nodes = array(fields[2], 'nodes').map(nodeFromWire);
  if (nodes.length > limits.membersMax) throw new MalformedError('ring of too many nodes');
  const groups = array(fields[5], 'groups').map((group) => Array.from(bin(group, 'group')));
  const partitions = bin(fields[6], 'groupOf');
  const groupOf: number[] = [];
  for (let at = 0; at + 1 < partitions.length; at += 2)
    groupOf.push((partitions[at]! << 8) | partitions[at + 1]!);
  if (groupOf.length === 0 || groupOf.some((group) => group >= groups.length))
    throw new MalformedError('ring names a group it does not have');
  if (groups.some((group) => group.some((node) => node >= nodes.length)))
    throw new MalformedError('ring names a node it does not have');
  return {
    epoch: natural(fields[1], 'epoch'),
    nodes,
    n: natural(fields[3], 'n'),
    buckets: array(fields[4], 'buckets').map(bucketFromWire),
    groups,
    groupOf,
  };
}

function nodeFromWire(wire: unknown): RingNode {
  const [id, name, host, zone, reachability] = array(wire, 'node');
  return {
    id: text(id, 'node id'),
    name: text(name, 'node name'),
    host: text(host, 'node host'),
    zone: text(zone, 'node zone'),
    reachability: reachabilities[natural(reachability, 'reachability')] ?? 'alive',
  };
}

function bucketFromWire(wire: unknown): readonly [string, number] {
  const [bucket, n] = array(wire, 'bucket');
  return [text(bucket, 'bucket'), natural(n, 'n')];
}

function array(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new MalformedError(`${what} is not an array`);
  return value as readonly unknown[];
}

function bin(value: unknown, what: string): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new MalformedError(`${what} is not bytes`);
  return value;
}

function text(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new MalformedError(`${what} is not a string`);
  return value;
}

function natural(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new MalformedError(`${what} is not a natural number`);
  return value;
}

/**
 * What `kv.ring` answers: enough for a client to send each request to the primary that would
 * coordinate it. One shape for MessagePack (`encodeDocument`) and JSON (`Kv-Accept: json`).
 */
import { isNodeId, type NodeId } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import type { Layout } from '../../actors/rules/placement.js';
import type { Moment } from '../../actors/rules/told-clock.js';
import { MalformedError } from '../errors.js';
import { isLabelText } from './text.js';

export interface RingMessage {
  readonly epoch: number;
  readonly nodes: readonly RingNode[];
  /** N and default R of buckets that name none of their own. */
  readonly n: number;
  readonly r: number;
  /** Buckets that differ from them. */
  readonly buckets: readonly RingBucket[];
  /**
   * Distinct preference lists, as indexes into `nodes`; cut after `ringListLengthMax`, empty while
   * no cluster is founded.
   */
  readonly groups: readonly (readonly number[])[];
  /** Partition → index into `groups`; its length is the number of partitions. */
  readonly groupOf: readonly number[];
}

export type RingBucket = readonly [bucket: string, n: number, r: number];

export interface RingNode {
  readonly id: NodeId;
  readonly name: string;
  readonly host: string;
  readonly zone: string;
  readonly reachability: 'alive' | 'suspect' | 'down';
  /** Declared gone for good: it is `down` and never returns. */
  readonly removed?: true;
  /** What its monotonic clock shows at least, as far as the answering node knows. */
  readonly clock?: Moment;
}

const bucketPattern = /^[^\s.*>\p{Cc}]+$/u;

const reachabilities = ['alive', 'suspect', 'down'] as const;

export interface RingSource {
  readonly epoch: number;
  readonly partitions: number;
  readonly nodes: readonly RingNode[];
  readonly n: number;
  readonly r: number;
  readonly buckets: readonly RingBucket[];
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
    for (const node of source.preferenceList(partition).slice(0, limits.ringListLengthMax)) {
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
  const { epoch, nodes, n, r, buckets } = source;
  return { epoch, nodes, n, r, buckets, groups, groupOf };
}

/** What placements follow from, as a client knows it. */
export function layoutOf({ nodes, groups, groupOf }: RingMessage): Layout {
  return {
    preferenceList: (partition) => groups[groupOf[partition]!]!.map((index) => nodes[index]!.id),
  };
}

/** Throws `MalformedError` on anything that is not one whole, consistent ring. */
export function ringFromDocument(document: unknown): RingMessage {
  const ring = record(document, 'ring');
  const nodes = array(ring['nodes'], 'nodes').map(nodeFrom);
  if (nodes.length > limits.membersMax) throw new MalformedError('ring of too many nodes');
  const groups = array(ring['groups'], 'groups').map((group) => naturals(group, 'group'));
  const groupOf = naturals(ring['groupOf'], 'groupOf');
  if (groupOf.length > limits.partitionsMax)
    throw new MalformedError('ring of too many partitions');
  if (groupOf.length === 0 || groupOf.some((group) => group >= groups.length))
    throw new MalformedError('ring names a group it does not have');
  if (groups.some((group) => group.some((node) => node >= nodes.length)))
    throw new MalformedError('ring names a node it does not have');
  const epoch = natural(ring['epoch'], 'epoch');
  const n = natural(ring['n'], 'n');
  const r = natural(ring['r'], 'r');
  const buckets = array(ring['buckets'], 'buckets').map(bucketFrom);
  return { epoch, nodes, n, r, buckets, groups, groupOf };
}

function nodeFrom(document: unknown): RingNode {
  const node = record(document, 'node');
  const reachability = reachabilities.find((known) => known === node['reachability']);
  if (reachability === undefined) throw new MalformedError('node of unknown reachability');
  return {
    id: nodeId(node['id']),
    name: label(node['name'], 'node name'),
    host: label(node['host'], 'node host'),
    zone: label(node['zone'], 'node zone'),
    reachability,
    ...(node['removed'] === true && { removed: true }),
    ...clockFrom(node['clock']),
  };
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

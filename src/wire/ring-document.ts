/** A ring as it comes in: nothing of it is believed before it is checked. */
import { isNodeId, type NodeId } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import type { Moment } from '../../actors/rules/told-clock.js';
import { MalformedError } from '../errors.js';
import type {
  PreferenceLists,
  RingBucket,
  RingMessage,
  RingMove,
  RingNode,
  RingResolvers,
  Run,
} from './ring-message.js';
import { isLabelText } from './text.js';

const bucketPattern = /^[^\s.*>\p{Cc}]+$/u;

const reachabilities = ['alive', 'suspect', 'down'] as const;
const joins = ['auto', 'ask'] as const;

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
  const { cluster, move, resolvers } = ring;
  return {
    epoch,
    ...(cluster !== undefined && { cluster: natural(cluster, 'id of a cluster') }),
    nodes,
    n,
    r,
    buckets,
    ...lists,
    ...(resolvers !== undefined && { resolvers: resolversFrom(resolvers) }),
    ...(move !== undefined && { move: moveFrom(move, { nodes: nodes.length, partitions }) }),
  };
}

function resolversFrom(document: unknown): RingResolvers {
  const resolvers = record(document, 'resolvers');
  const others = array(resolvers['others'], 'resolvers').map((name) => text(name, 'a bucket'));
  return { usual: resolvers['usual'] === true, others };
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
  return {
    ...lists,
    moved,
    ...(move['n'] !== undefined && { n: natural(move['n'], 'n after a move') }),
    ...(move['buckets'] !== undefined && {
      buckets: array(move['buckets'], 'buckets of a move').map(resizedFrom),
    }),
  };
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

function resizedFrom(document: unknown): readonly [bucket: string, n: number] {
  const [bucket, n] = array(document, 'bucket of a move');
  return [text(bucket, 'bucket'), natural(n, 'n of a bucket')];
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

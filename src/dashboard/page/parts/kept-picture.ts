/**
 * A picture of the cluster as the page keeps it: some hundreds are kept, one a second, and most of
 * each is what stood in the one before. Such parts are the same objects, which also tells who draws
 * them that nothing has changed. Of what nodes count, what is measured is kept.
 */
import type { ClusterPicture, NodePicture, StatusPicture } from '../../wire.js';
import { measures } from './measures.js';

const measured: ReadonlySet<string> = new Set(measures.flatMap(({ reads }) => reads));

/** `before`: the one that is kept last. */
export function keptPicture(
  picture: ClusterPicture,
  before: ClusterPicture | undefined,
): ClusterPicture {
  return shared(before, { ...picture, nodes: picture.nodes.map(keptNode) });
}

function keptNode(node: NodePicture): NodePicture {
  return node.status === null ? node : { ...node, status: keptStatus(node.status) };
}

function keptStatus(status: StatusPicture): StatusPicture {
  const { counters, histograms } = status;
  return { ...status, counters: measuredIn(counters), histograms: measuredIn(histograms) };
}

function measuredIn<T>(counted: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(counted).filter(([name]) => measured.has(name)));
}

/** What is equal to `now`, with all of `before` in it that is equal to what stands in its place. */
export function shared<T>(before: unknown, now: T): T {
  if (before === now || !isComposed(before) || !isComposed(now)) return now;
  const isList = Array.isArray(now);
  if (isList !== Array.isArray(before)) return now;
  const names = Object.keys(now);
  let isSame = names.length === Object.keys(before).length;
  const parts = names.map((name) => {
    const known = Object.hasOwn(before, name) ? before[name] : undefined;
    const part = shared(known, now[name]);
    isSame &&= Object.hasOwn(before, name) && Object.is(part, known);
    return part;
  });
  if (isSame) return before as T;
  return (isList ? parts : Object.fromEntries(names.map((name, at) => [name, parts[at]]))) as T;
}

function isComposed(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

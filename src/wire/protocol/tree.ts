/**
 * The verb `tree`: how the hash trees of two nodes differ. Roots, then leaves, then keys are
 * compared.
 */
import type { StorageKey } from '../../../actors/rules/key.js';
import type { KeyDigest } from '../../../actors/rules/tree-comparison.js';
import type { Digest } from '../../../actors/rules/versions.js';
import { MalformedError } from '../../errors.js';
import { isInt } from '../columns.js';
import { decodeDigests, decodeIndexes, encodeDigests, encodeIndexes } from '../digests.js';
import { storageKeyBin, storageKeyBins, storageKeysOf } from '../storage-keys.js';
import type { WireValue } from '../wire-value.js';
import { asAnswer, asRequest, binOf, onlyOf, type Answer, type Request } from './bodies.js';

export type TreeQuestion =
  /** Which of these partitions have another root? */
  | {
      readonly kind: 'roots';
      readonly partitions: readonly number[];
      readonly roots: readonly Digest[];
    }
  /** The digests of all leaves of the partition. */
  | { readonly kind: 'leaves'; readonly partition: number }
  /** The keys in these leaves, in order, behind `after` (exclusive). */
  | {
      readonly kind: 'keys';
      readonly partition: number;
      readonly leaves: readonly number[];
      readonly after: StorageKey;
    };

/** Keys in order; `upTo`: everything up to it was looked at, '' means to the end. */
export interface KeyRange {
  readonly keys: readonly KeyDigest[];
  readonly upTo: StorageKey;
}

export function treeQuestionBody(question: TreeQuestion): Request<'tree'> {
  if (question.kind === 'roots')
    return asRequest(['roots', encodeIndexes(question.partitions), encodeDigests(question.roots)]);
  if (question.kind === 'leaves') return asRequest(['leaves', question.partition]);
  const { partition, leaves, after } = question;
  return asRequest(['keys', partition, encodeIndexes(leaves), storageKeyBin(after)]);
}

/** `partitions`: how many there are. */
export function treeQuestionOf(body: readonly WireValue[], partitions: number): TreeQuestion {
  const kind = body[0];
  if (body.length !== lengthOf(kind)) throw new MalformedError('no such question about trees');
  if (kind === 'roots') {
    const asked = decodeIndexes(binOf(body[1]));
    const roots = decodeDigests(binOf(body[2]));
    if (roots.length !== asked.length) throw new MalformedError('a root for each partition');
    for (const partition of asked) checkPartition(partition, partitions);
    return { kind, partitions: asked, roots };
  }
  const partition = checkPartition(body[1], partitions);
  if (kind !== 'keys') return { kind: 'leaves', partition };
  const after = binOf(body[3]).toString('latin1');
  return { kind, partition, leaves: decodeIndexes(binOf(body[2])), after };
}

function lengthOf(kind: WireValue | undefined): number | undefined {
  if (kind === 'roots') return 3;
  if (kind === 'leaves') return 2;
  return kind === 'keys' ? 4 : undefined;
}

/** The partitions whose roots differ. */
export function differingBody(partitions: readonly number[]): Answer<'tree'> {
  return asAnswer([encodeIndexes(partitions)]);
}

export function differingOf(body: readonly WireValue[]): number[] {
  return decodeIndexes(binOf(onlyOf(body)));
}

export function leavesBody(digests: readonly Digest[]): Answer<'tree'> {
  return asAnswer([encodeDigests(digests)]);
}

/** `width`: of the trees of both. */
export function leavesOf(body: readonly WireValue[], width: number): Digest[] {
  const digests = decodeDigests(binOf(onlyOf(body)));
  if (digests.length !== width) throw new MalformedError('trees differ in width');
  return digests;
}

export function keyRangeBody({ keys, upTo }: KeyRange): Answer<'tree'> {
  return asAnswer([
    storageKeyBins(keys.map(({ key }) => key)),
    encodeDigests(keys.map(({ digest }) => digest)),
    storageKeyBin(upTo),
  ]);
}

export function keyRangeOf(body: readonly WireValue[]): KeyRange {
  if (body.length !== 3) throw new MalformedError('keys, digests and where they end expected');
  const keys = storageKeysOf(body[0]);
  const digests = decodeDigests(binOf(body[1]));
  if (digests.length !== keys.length) throw new MalformedError('a digest for each key');
  return {
    keys: keys.map((key, i) => ({ key, digest: digests[i]! })),
    upTo: binOf(body[2]).toString('latin1'),
  };
}

function checkPartition(value: WireValue | undefined, partitions: number): number {
  if (!isInt(value) || value >= partitions) throw new MalformedError('no such partition');
  return value;
}

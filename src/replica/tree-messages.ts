/** Bodies of the verb `tree`, both ways; see `src/bus/peers.ts`. Reading throws `MalformedError`. */
import type { StorageKey } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import type { KeyDigest } from '../../actors/rules/tree-comparison.js';
import type { Digest } from '../../actors/rules/versions.js';
import { MalformedError } from '../errors.js';
import { decodeDigests, decodeIndexes, encodeDigests, encodeIndexes } from '../wire/digests.js';
import type { WireValue } from '../wire/message-pack.js';

export type TreeQuestion =
  | { readonly kind: 'roots'; readonly partitions: number[]; readonly roots: Digest[] }
  | { readonly kind: 'leaves'; readonly partition: number }
  | {
      readonly kind: 'keys';
      readonly partition: number;
      readonly leaves: number[];
      readonly after: StorageKey;
    };

/** Keys in order; `upTo`: everything up to it was looked at, '' means to the end. */
export interface KeyRange {
  readonly keys: readonly KeyDigest[];
  readonly upTo: StorageKey;
}

export function writeTreeQuestion(question: TreeQuestion): readonly WireValue[] {
  if (question.kind === 'roots')
    return ['roots', encodeIndexes(question.partitions), encodeDigests(question.roots)];
  if (question.kind === 'leaves') return ['leaves', question.partition];
  const { partition, leaves, after } = question;
  return ['keys', partition, encodeIndexes(leaves), Buffer.from(after, 'latin1')];
}

export function readTreeQuestion(body: readonly WireValue[], partitions: number): TreeQuestion {
  const kind = body[0];
  if (kind === 'roots') {
    const asked = decodeIndexes(binOf(body[1]));
    const roots = decodeDigests(binOf(body[2]));
    if (roots.length !== asked.length) throw new MalformedError('a root for each partition');
    for (const partition of asked) checkPartition(partition, partitions);
    return { kind, partitions: asked, roots };
  }
  const partition = checkPartition(body[1], partitions);
  if (kind === 'leaves') return { kind, partition };
  if (kind !== 'keys') throw new MalformedError('no such question about trees');
  const after = binOf(body[3]).toString('latin1');
  return { kind, partition, leaves: decodeIndexes(binOf(body[2])), after };
}

export function writeKeyRange({ keys, upTo }: KeyRange): readonly WireValue[] {
  return [
    keys.map(({ key }) => Buffer.from(key, 'latin1')),
    encodeDigests(keys.map(({ digest }) => digest)),
    Buffer.from(upTo, 'latin1'),
  ];
}

export function readKeyRange(body: readonly WireValue[]): KeyRange {
  const keys = keysOf(body[0]);
  const digests = decodeDigests(binOf(body[1]));
  if (digests.length !== keys.length) throw new MalformedError('a digest for each key');
  return {
    keys: keys.map((key, i) => ({ key, digest: digests[i]! })),
    upTo: binOf(body[2]).toString('latin1'),
  };
}

export function binOf(value: WireValue | undefined): Buffer {
  if (!Buffer.isBuffer(value)) throw new MalformedError('bytes expected');
  return value;
}

/** Storage keys from a list of bins. */
export function keysOf(value: WireValue | undefined): StorageKey[] {
  if (!Array.isArray(value) || value.length > limits.messageElementsMax)
    throw new MalformedError('a list of keys expected');
  return value.map((key: WireValue) => {
    const bytes = binOf(key);
    if (bytes.length < 3) throw new MalformedError('a storage key has a partition and a name');
    return bytes.toString('latin1');
  });
}

function checkPartition(value: WireValue | undefined, partitions: number): number {
  if (!Number.isInteger(value) || Number(value) < 0 || Number(value) >= partitions)
    throw new MalformedError('no such partition');
  return Number(value);
}

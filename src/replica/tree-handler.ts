/**
 * Answers the verb `tree`: roots, leaves and keys of this node's hash trees. Bounded work a
 * question, whatever is asked.
 */
import { inject, injectable } from 'tsyringe';
import type { StorageKey } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import type { KeyDigest } from '../../actors/rules/tree-comparison.js';
import { sameDigest } from '../../actors/rules/versions.js';
import type { IncomingCall } from '../bus/peers.js';
import { Peers } from '../bus/peers.js';
import { NodeOptions } from '../options/node-options.js';
import { Store } from '../store/store.js';
import {
  differingBody,
  keyRangeBody,
  leavesBody,
  treeQuestionOf,
  type KeyRange,
} from '../wire/protocol/tree.js';
import { keysToScan } from './keys-to-scan.js';

@injectable()
export class TreeHandler {
  constructor(
    @inject(Store) private readonly store: Store,
    @inject(Peers) private readonly peers: Peers,
    @inject(NodeOptions) private readonly options: NodeOptions,
  ) {}

  start(): void {
    this.peers.handle('tree', (call) => this.answer(call));
  }

  private answer(call: IncomingCall<'tree'>): void {
    const question = treeQuestionOf(call.body, this.options.partitions);
    const { trees } = this.store;
    switch (question.kind) {
      case 'roots': {
        const differing = question.partitions.filter(
          (partition, i) => !sameDigest(trees.root(partition), question.roots[i]!),
        );
        return call.ok(differingBody(differing));
      }
      case 'leaves':
        return call.ok(leavesBody(trees.leafDigests(question.partition)));
      case 'keys':
        return call.ok(keyRangeBody(keysOfLeaves(this.store, question)));
    }
  }
}

/** The partition's keys behind `after` that lie in `leaves`, as far as one question goes. */
export function keysOfLeaves(
  store: Store,
  range: { partition: number; leaves: readonly number[]; after: StorageKey; upTo?: StorageKey },
): KeyRange {
  const { partition, after, upTo } = range;
  const leaves = new Set(range.leaves);
  const limit = keysToScan(store, { partition, after }, limits.exchangeKeysMax);
  const found = store.scan({ partition, ...(after === '' ? {} : { after }), limit });
  const keys: KeyDigest[] = [];
  for (const { key, digest } of found) {
    if (upTo !== undefined && upTo !== '' && key > upTo) return { keys, upTo };
    if (leaves.has(store.trees.leafOf(key))) keys.push({ key, digest });
  }
  return { keys, upTo: found.length < limit ? '' : found.at(-1)!.key };
}

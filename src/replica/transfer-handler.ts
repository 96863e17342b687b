/**
 * Answers `transfer`: what this node holds of partitions that move to the asker, a batch of it, and
 * which keys it does not hold as one who wants to drop them does. Bounded work a question, whatever
 * is asked; the cache stays as it is.
 */
import { inject, injectable } from 'tsyringe';
import { nameOfStorageKey } from '../../actors/rules/key.js';
import type { NodeId } from '../../actors/rules/actor.js';
import type { StorageKey } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { transferLimits } from '../../actors/rules/limits/transfer.js';
import { isServed } from '../../actors/rules/said-configuration.js';
import { sameDigest } from '../../actors/rules/versions.js';
import { Buckets } from '../buckets/buckets.js';
import type { IncomingCall } from '../bus/peers.js';
import { Peers } from '../bus/peers.js';
import { OtherConfigurationError } from '../errors.js';
import { ClusterView } from '../membership/cluster-view.js';
import { NodeOptions } from '../options/node-options.js';
import { Store } from '../store/store.js';
import type { AgreedKey } from '../wire/protocol/collection.js';
import {
  offerBody,
  otherwiseHeldBody,
  sentBody,
  transferOf,
  type SentStates,
} from '../wire/protocol/transfer.js';
import { encodeBatch, type BatchRecord } from '../wire/state-batch.js';

@injectable()
export class TransferHandler {
  constructor(
    @inject(Peers) private readonly peers: Peers,
    @inject(Store) private readonly store: Store,
    @inject(ClusterView) private readonly view: ClusterView,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(NodeOptions) private readonly options: NodeOptions,
  ) {}

  start(): void {
    this.peers.handle('transfer', (call) => this.answer(call));
  }

  /** Throws become refusals, by `Peers`. */
  private answer(call: IncomingCall<'transfer'>): void {
    const question = transferOf(call.body, this.options.partitions);
    if (!isServed(question.layout, this.view.configuration)) throw new OtherConfigurationError();
    switch (question.kind) {
      case 'offer': {
        const { trees } = this.store;
        return call.ok(offerBody(question.partitions.map((partition) => trees.keysOf(partition))));
      }
      case 'states':
        return call.ok(sentBody(this.statesFor(call.from, question)));
      case 'held':
        return this.compare(question.keys, call);
    }
  }

  private statesFor(
    asker: NodeId,
    { partition, after }: { partition: number; after: StorageKey },
  ): SentStates {
    const records: BatchRecord[] = [];
    let bytes = 0;
    let isWhole = true;
    let upTo = after;
    const sent = (end: StorageKey): SentStates => ({
      batch: encodeBatch(records),
      upTo: end,
      isWhole,
    });
    for (let scanned = 0; scanned < transferLimits.scannedKeysMax;) {
      const found = this.store.scan({
        partition,
        ...(upTo === '' ? {} : { after: upTo }),
        limit: transferLimits.scanKeys,
      });
      for (const { key } of found) {
        const state = this.isToHold(asker, { partition, key }) ? this.store.peek(key) : undefined;
        const length = state === undefined ? 0 : key.length + state.bytes.length;
        if (records.length > 0 && bytes + length > transferLimits.batchBytesMax) return sent(upTo);
        upTo = key;
        if (state === undefined) continue;
        if (state.bytes.length > limits.stateBytesMax) {
          isWhole = false;
          continue;
        }
        records.push({ key, bytes: state.bytes });
        bytes += length;
      }
      if (found.length < transferLimits.scanKeys) return sent('');
      scanned += found.length;
    }
    return sent(upTo);
  }

  /** One who owned it before as well asks for what of it the others hold besides. */
  private isToHold(
    asker: NodeId,
    { partition, key }: { readonly partition: number; readonly key: StorageKey },
  ): boolean {
    const { n } = this.buckets.of(nameOfStorageKey(key).bucket);
    return this.view.placement(partition, n).incoming.includes(asker);
  }

  /** Whoever hears that a state is held may drop it: it is durable here before that is said. */
  private compare(keys: readonly AgreedKey[], call: IncomingCall<'transfer'>): void {
    const positions: number[] = [];
    for (const [position, { key, digest }] of keys.entries()) {
      const held = this.store.peek(key);
      if (held === undefined || !sameDigest(held.digest, digest)) positions.push(position);
    }
    this.store.settled(() => call.ok(otherwiseHeldBody(positions)));
  }
}

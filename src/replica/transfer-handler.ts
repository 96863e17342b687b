/**
 * Answers `transfer`: what this node holds of partitions that move to the asker, a batch of it, and
 * which keys it does not hold as one who wants to drop them does. Bounded work a question, whatever
 * is asked; the cache stays as it is. With each batch it says how long it is to be left alone; of
 * several who ask, each has to wait for the others' rests as well.
 */
import { inject, injectable } from 'tsyringe';
import { nameOfStorageKey, partitionOfStorageKey } from '../../actors/rules/key.js';
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
import { Clock } from '../seams/clock.js';
import { Store } from '../store/store.js';
import { keysToScan } from './keys-to-scan.js';
import { stateIn } from '../wire/encoded-state.js';
import type { AgreedKey } from '../wire/protocol/collection.js';
import {
  offerBody,
  otherwiseHeldBody,
  sentBody,
  transferOf,
  type OutlinedKey,
  type SentStates,
  type TransferQuestion,
} from '../wire/protocol/transfer.js';
import { replaces } from '../wire/replacing-state.js';
import { encodeBatch, type BatchRecord } from '../wire/state-batch.js';
import { Pace } from './pace.js';

type States = Omit<SentStates, 'restMs'>;

@injectable()
export class TransferHandler {
  private readonly pace: Pace;
  /** When all have rested who were told to. */
  private restedMs = -Infinity;

  constructor(
    @inject(Peers) private readonly peers: Peers,
    @inject(Store) private readonly store: Store,
    @inject(ClusterView) private readonly view: ClusterView,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(NodeOptions) private readonly options: NodeOptions,
    @inject(Clock) private readonly clock: Clock,
  ) {
    this.pace = new Pace(clock, store);
  }

  start(): void {
    this.peers.handle('transfer', (call) => this.answer(call));
  }

  /** Throws become refusals, by `Peers`. */
  private answer(call: IncomingCall<'transfer'>): void {
    const question = transferOf(call.body, this.options.partitions);
    if (!this.goesBy(question)) throw new OtherConfigurationError();
    switch (question.kind) {
      case 'offer': {
        const { trees } = this.store;
        return call.ok(offerBody(question.partitions.map((partition) => trees.keysOf(partition))));
      }
      case 'states':
        return call.ok(sentBody(this.paced(() => this.statesFor(call.from, question))));
      case 'held':
        return this.compare(question.keys, call);
      case 'replaced':
        return this.compareContexts(question.keys, call);
    }
  }

  /**
   * A cancel that one of both has not heard of exchanges who is to own what: what is left out as
   * not the asker's would count as had.
   */
  private goesBy(question: TransferQuestion): boolean {
    const { view } = this;
    if (!isServed(question.layout, view.configuration)) return false;
    return !('direction' in question) || question.direction === view.direction;
  }

  private paced(work: () => States): SentStates {
    const { clock, pace } = this;
    const states = pace.work(work);
    const nowMs = clock.monotonicMs();
    const leftMs = Math.max(0, Math.ceil(this.restedMs - nowMs));
    const restMs = Math.min(transferLimits.toldRestMsMax, leftMs + pace.restMs());
    this.restedMs = nowMs + restMs;
    return { ...states, restMs };
  }

  private statesFor(
    asker: NodeId,
    { partition, after }: { partition: number; after: StorageKey },
  ): States {
    const { clock } = this;
    const { batchMsMax, scannedKeysMax } = transferLimits;
    const untilMs = clock.monotonicMs() + batchMsMax;
    const batch = new Batch(after);
    for (let scanned = 0; scanned < scannedKeysMax; scanned += transferLimits.scanKeys) {
      const { upTo } = batch;
      const limit = keysToScan(this.store, { partition, after: upTo }, transferLimits.scanKeys);
      const range = { partition, ...(upTo === '' ? {} : { after: upTo }), limit };
      const found = this.store.scan(range);
      for (const { key } of found) {
        const isLate = clock.monotonicMs() >= untilMs && batch.upTo !== after;
        if (isLate || !batch.takes(key, this.bytesFor(asker, key))) return batch.states();
      }
      if (found.length < limit) return { ...batch.states(), upTo: '' };
    }
    return batch.states();
  }

  /** undefined: it is not to hold the key. */
  private bytesFor(asker: NodeId, key: StorageKey): Buffer | undefined {
    return this.isToHold(asker, key) ? this.store.peek(key)?.bytes : undefined;
  }

  /** One who owned it before as well asks for what of it the others hold besides. */
  private isToHold(asker: NodeId, key: StorageKey): boolean {
    const partition = partitionOfStorageKey(key);
    const { spread: n } = this.buckets.of(nameOfStorageKey(key).bucket);
    return this.view.placement(partition, n).incoming.includes(asker);
  }

  private compare(keys: readonly AgreedKey[], call: IncomingCall<'transfer'>): void {
    this.tellDurable(call, keys, ({ key, digest }) => {
      const held = this.store.peek(key);
      return held !== undefined && sameDigest(held.digest, digest);
    });
  }

  private compareContexts(keys: readonly OutlinedKey[], call: IncomingCall<'transfer'>): void {
    this.tellDurable(call, keys, ({ key, context }) => {
      const held = this.store.peek(key);
      return held !== undefined && replaces(stateIn(held.bytes), context);
    });
  }

  /** Whoever hears that a state is held may drop it: it is durable here before that is said. */
  private tellDurable<K>(
    call: IncomingCall<'transfer'>,
    keys: readonly K[],
    isHeld: (key: K) => boolean,
  ): void {
    const positions: number[] = [];
    for (const [position, key] of keys.entries()) if (!isHeld(key)) positions.push(position);
    this.store.settled(() => call.ok(otherwiseHeldBody(positions)));
  }
}

/** States in the order of their keys, as many as one answer is to have. */
class Batch {
  private readonly records: BatchRecord[] = [];
  private bytes = 0;
  private isWhole = true;

  /** All keys up to it were looked at. */
  constructor(public upTo: StorageKey) {}

  /** False: there is no room for it. `bytes`: undefined, there is nothing to be sent of the key. */
  takes(key: StorageKey, bytes: Buffer | undefined): boolean {
    const { batchBytesMax, batchStatesMax } = transferLimits;
    const length = bytes === undefined ? 0 : key.length + bytes.length;
    const { records } = this;
    if (records.length > 0 && this.bytes + length > batchBytesMax) return false;
    if (records.length >= batchStatesMax) return false;
    this.upTo = key;
    if (bytes === undefined) return true;
    if (bytes.length > limits.stateBytesMax) {
      this.isWhole = false;
      return true;
    }
    records.push({ key, bytes });
    this.bytes += length;
    return true;
  }

  states(): States {
    const { upTo, isWhole } = this;
    return { batch: encodeBatch(this.records), upTo, isWhole };
  }
}

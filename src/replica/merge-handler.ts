/**
 * Answers `merge`: the batch is copied out of the receive buffer by the store, merged into memory,
 * appended to the log as it came, and acknowledged when the log holds it as durably as this node
 * promises. What the sender drops by that may have been on its disk: it is on this one first.
 */
import { inject, injectable } from 'tsyringe';
import { nameOfStorageKey } from '../../actors/rules/key.js';
import type { NodeId } from '../../actors/rules/actor.js';
import { isServed } from '../../actors/rules/said-configuration.js';
import { Buckets } from '../buckets/buckets.js';
import type { IncomingCall } from '../bus/peers.js';
import { Peers } from '../bus/peers.js';
import { DeadlineError, LeavingError, OtherConfigurationError } from '../errors.js';
import { ClusterView } from '../membership/cluster-view.js';
import { Clock } from '../seams/clock.js';
import { acknowledgeOtherwise, whenStored } from '../store/own-durability.js';
import { refused, Store } from '../store/store.js';
import { Tracing } from '../seams/tracing.js';
import {
  isHandedOver,
  isTraced,
  mergeReason,
  mergedBody,
  mergeOf,
  mergeTraces,
  notOwed,
} from '../wire/protocol/merge.js';
import { keyedStatesOf } from '../wire/state-batch.js';
import { serveTraced } from './traced-call.js';

@injectable()
export class MergeHandler {
  constructor(
    @inject(Peers) private readonly peers: Peers,
    @inject(Store) readonly store: Store,
    @inject(ClusterView) private readonly view: ClusterView,
    @inject(Tracing) private readonly tracing: Tracing,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(Clock) readonly clock: Clock,
  ) {}

  /** Takes merges from now on. */
  start(): void {
    this.peers.handle('merge', (call) => {
      if (isTraced(call.body)) this.mergeTraced(call);
      else this.merge(call, this.store);
    });
  }

  /** Throws become refusals, by `Peers`. */
  private merge(call: IncomingCall<'merge'>, store: Pick<Store, 'merge' | 'settled'>): void {
    const [reason, owedTo, remainingMs, batch, configuration] = mergeOf(call.body);
    if (!isServed(configuration, this.view.configuration)) throw new OtherConfigurationError();
    if (this.view.isLeaving) throw new LeavingError();
    if (remainingMs <= 0) throw new DeadlineError('too late to be stored', 'none');
    const refusal = this.store.refusal();
    if (refusal !== undefined) throw refused(refusal);
    const done = (): void => call.ok(mergedBody);
    if (reason === mergeReason.put && this.buckets.sayDurability)
      return this.mergeAsBucket(store, batch, this.hintFor(owedTo), done);
    if (!isHandedOver(reason)) return void store.merge(batch, this.hintFor(owedTo), done);
    store.merge(batch, this.hintFor(owedTo), () => {});
    store.settled(done);
  }

  /** All of a round are acknowledged alike. */
  private mergeAsBucket(
    store: Pick<Store, 'merge' | 'settled'>,
    batch: Uint8Array,
    hint: { readonly owedTo?: NodeId },
    done: () => void,
  ): void {
    const [first] = keyedStatesOf(Buffer.from(batch));
    const bucket = first === undefined ? '' : nameOfStorageKey(first.key).bucket;
    const { durability } = this.buckets.of(bucket);
    store.merge(batch, hint, whenStored(this, durability, done));
    acknowledgeOtherwise(this, durability, done);
  }

  private mergeTraced(call: IncomingCall<'merge'>): void {
    const { tracing, store } = this;
    const traces = mergeTraces(call.body);
    const traced: Pick<Store, 'merge' | 'settled'> = {
      settled: (onDisk) => store.settled(onDisk),
      merge: (batch, options, onDurable) => {
        const news = tracing.write(traces, onDurable, (written) =>
          store.merge(batch, options, written),
        );
        const { owedTo } = options;
        const detail = { news: news.includes(true), ...(owedTo !== undefined && { owedTo }) };
        tracing.note(traces, { kind: 'step', what: 'stored', about: store.nodeId, detail });
        if (owedTo === undefined) return news;
        tracing.note(traces, { kind: 'step', what: 'hintOwed', about: owedTo });
        const keys = keyedStatesOf(Buffer.from(batch)).map(({ key }) => key);
        tracing.owes(traces, owedTo, keys);
        return news;
      },
    };
    const how = { verb: 'merge', traces, yes: 'acked' } as const;
    serveTraced(tracing, call, how, (served) => this.merge(served, traced));
  }

  /** A node owes itself nothing, whatever ring the coordinator went by. */
  private hintFor(owedTo: NodeId): { readonly owedTo?: NodeId } {
    return owedTo === notOwed || owedTo === this.store.nodeId ? {} : { owedTo };
  }
}

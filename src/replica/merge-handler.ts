/**
 * Answers `merge`: the batch is copied out of the receive buffer by the store, merged into memory,
 * appended to the log as it came, and acknowledged when the log holds it as durably as this node
 * promises. What the sender drops by that may have been on its disk: it is on this one first.
 */
import { inject, injectable } from 'tsyringe';
import type { NodeId } from '../../actors/rules/actor.js';
import { isServed } from '../../actors/rules/said-configuration.js';
import type { IncomingCall } from '../bus/peers.js';
import { Peers } from '../bus/peers.js';
import { DeadlineError, LeavingError, OtherConfigurationError } from '../errors.js';
import { ClusterView } from '../membership/cluster-view.js';
import { refused, Store } from '../store/store.js';
import { isHandedOver, mergedBody, mergeOf, notOwed } from '../wire/protocol/merge.js';

@injectable()
export class MergeHandler {
  constructor(
    @inject(Peers) private readonly peers: Peers,
    @inject(Store) private readonly store: Store,
    @inject(ClusterView) private readonly view: ClusterView,
  ) {}

  /** Takes merges from now on. */
  start(): void {
    this.peers.handle('merge', (call) => this.merge(call));
  }

  /** Throws become refusals, by `Peers`. */
  private merge(call: IncomingCall<'merge'>): void {
    const [reason, owedTo, remainingMs, batch, configuration] = mergeOf(call.body);
    if (!isServed(configuration, this.view.configuration)) throw new OtherConfigurationError();
    if (this.view.isLeaving) throw new LeavingError();
    if (remainingMs <= 0) throw new DeadlineError('too late to be stored', 'none');
    const refusal = this.store.refusal();
    if (refusal !== undefined) throw refused(refusal);
    const done = (): void => call.ok(mergedBody);
    if (!isHandedOver(reason)) return void this.store.merge(batch, this.hintFor(owedTo), done);
    this.store.merge(batch, this.hintFor(owedTo), () => {});
    this.store.settled(done);
  }

  /** A node owes itself nothing, whatever ring the coordinator went by. */
  private hintFor(owedTo: NodeId): { readonly owedTo?: NodeId } {
    return owedTo === notOwed || owedTo === this.store.nodeId ? {} : { owedTo };
  }
}

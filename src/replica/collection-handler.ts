/**
 * Answers the verb `collection`: what the first primary of a partition asks and orders when
 * tombstones and old context entries go.
 */
import { inject, injectable } from 'tsyringe';
import { isServed } from '../../actors/rules/said-configuration.js';
import type { IncomingCall } from '../bus/peers.js';
import { Peers } from '../bus/peers.js';
import { OtherConfigurationError } from '../errors.js';
import { ClusterView } from '../membership/cluster-view.js';
import { Store } from '../store/store.js';
import { forgottenBody, collectionOf, holdingsBody } from '../wire/protocol/collection.js';
import { Forgetting } from './forgetting.js';
import { groundsOf, sameHolders } from './grounds.js';

@injectable()
export class CollectionHandler {
  constructor(
    @inject(Peers) private readonly peers: Peers,
    @inject(ClusterView) private readonly view: ClusterView,
    @inject(Store) private readonly store: Store,
    @inject(Forgetting) private readonly forgetting: Forgetting,
  ) {}

  start(): void {
    this.peers.handle('collection', (call) => this.answer(call));
  }

  /** Throws become refusals, by `Peers`. */
  private answer(call: IncomingCall<'collection'>): void {
    const order = collectionOf(call.body);
    const { configuration } = this.view;
    if (!isServed(order.configuration, configuration)) throw new OtherConfigurationError();
    if (!sameHolders(order, groundsOf(this.view)))
      return call.refuse(503, 'no agreement on who holds data');
    if (order.kind === 'survey') {
      const holdings = order.keys.map((key) => this.forgetting.holdingOf(key));
      // What it holds no more a crash may bring back until that is on disk.
      return this.store.settled(() => call.ok(holdingsBody(holdings)));
    }
    const refusal = this.store.refusal();
    if (refusal !== undefined) return call.refuse(503, refusal.message);
    if (order.kind === 'replace')
      return this.forgetting.replace(order.replacements, () => call.ok(forgottenBody));
    this.forgetting.collect(order.keys, () => call.ok(forgottenBody));
  }
}

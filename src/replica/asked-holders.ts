/** Orders about what is to be forgotten, given to all who may hold it: all must answer. */
import type { NodeId } from '../../actors/rules/actor.js';
import { goesByAnother, type CallId, type Peers } from '../bus/peers.js';
import { QuorateError } from '../errors.js';
import type { ClusterView } from '../membership/cluster-view.js';
import { collectionBody, type CollectionOrder } from '../wire/protocol/collection.js';
import type { WireValue } from '../wire/wire-value.js';

export interface HoldersListener {
  onAnswer(from: NodeId, body: readonly WireValue[]): void;
  onAll(): void;
  /** Once or more: somebody refused, or said what is not understood. */
  onRefused(): void;
}

export class AskedHolders {
  private calls: CallId[] = [];

  constructor(
    private readonly peers: Pick<Peers, 'call' | 'giveUp'>,
    private readonly view: Pick<ClusterView, 'reconcile'>,
  ) {}

  /** One refusal, or silence, and nothing is forgotten. */
  askAll(
    orders: readonly { readonly to: NodeId; readonly order: CollectionOrder }[],
    listener: HoldersListener,
  ): void {
    let open = orders.length;
    if (open === 0) return listener.onAll();
    for (const { to, order } of orders) {
      const call = this.peers.call(to, 'collection', collectionBody(order), (answer) => {
        if (answer.kind !== 'ok') {
          if (goesByAnother(answer)) this.view.reconcile(to);
          return listener.onRefused();
        }
        try {
          listener.onAnswer(to, answer.body);
        } catch (error) {
          if (!(error instanceof QuorateError)) throw error;
          return listener.onRefused();
        }
        open--;
        if (open === 0) listener.onAll();
      });
      this.calls.push(call);
    }
  }

  abandon(): void {
    for (const call of this.calls) this.peers.giveUp(call);
    this.calls = [];
  }
}

/** Orders about what is to be forgotten, given to all who may hold it: all must answer. */
import type { NodeId } from '../../actors/rules/actor.js';
import type { Holding } from '../../actors/rules/collection.js';
import { goesByAnother, type CallId, type Peers } from '../bus/peers.js';
import { QuorateError } from '../errors.js';
import type { ClusterView } from '../membership/cluster-view.js';
import type { Store } from '../store/store.js';
import {
  collectionBody,
  holdingsOf,
  type AgreedKey,
  type CollectionOrder,
  type Grounds,
} from '../wire/protocol/collection.js';
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
    private readonly peers: Pick<Peers, 'self' | 'call' | 'giveUp'>,
    private readonly view: Pick<ClusterView, 'reconcile' | 'holders' | 'reachability'>,
    private readonly store: Pick<Store, 'settled'>,
  ) {}

  /**
   * What all who may hold the keys hold of them. Told once what each has said, this node too, is on
   * its disk; refused at once where not all of them can be asked. `own`: what this node holds.
   */
  survey(
    keys: readonly AgreedKey[],
    { grounds, own }: { readonly grounds: Grounds; readonly own: () => readonly Holding[] },
    listener: { onHoldings(given: ReadonlyMap<NodeId, readonly Holding[]>): void } & Pick<
      HoldersListener,
      'onRefused'
    >,
  ): void {
    const { peers, view } = this;
    const holders = view.holders();
    const others = holders.filter((id) => id !== peers.self);
    const isComplete = holders.includes(peers.self);
    if (!isComplete || others.some((id) => view.reachability(id) !== 'alive'))
      return listener.onRefused();
    const given = new Map<NodeId, readonly Holding[]>([[peers.self, own()]]);
    const order: CollectionOrder = { kind: 'survey', ...grounds, keys };
    this.askAll(
      others.map((to) => ({ to, order })),
      {
        onAnswer: (id, body) => given.set(id, holdingsOf(body, keys.length)),
        // Of its own as of the others': what it holds no more has to be off its disk.
        onAll: () => this.store.settled(() => listener.onHoldings(given)),
        onRefused: () => listener.onRefused(),
      },
    );
  }

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

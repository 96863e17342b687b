/**
 * The container of one node: which class stands for which token. Everything is made once per node,
 * in the order in which it is asked for.
 */
import 'reflect-metadata';
import { container, type DependencyContainer } from 'tsyringe';
import { NodeStatusSource } from '../api/node-status.js';
import { WaysIn } from '../api/ways-in.js';
import { Buckets } from '../buckets/buckets.js';
import { KnownBuckets } from '../buckets/known-buckets.js';
import { BusPeers } from '../bus/bus-peers.js';
import { NodeAddress, Peers } from '../bus/peers.js';
import { ToldClocks } from '../bus/told-clocks.js';
import { Coordinator } from '../coordinator/coordinator.js';
import { Lister } from '../coordinator/lister.js';
import { Listings } from '../coordinator/listings.js';
import { RoundCoordinator } from '../coordinator/round-coordinator.js';
import { InsightDesk } from '../insight/insight-desk.js';
import { TraceRecorder } from '../insight/trace-recorder.js';
import { ChangeDesk } from '../membership/change-desk.js';
import { ClusterView } from '../membership/cluster-view.js';
import { BucketChanges } from '../membership/bucket-changes.js';
import { Rebooking } from '../membership/rebooking.js';
import { Membership } from '../membership/membership.js';
import { RemovalDesk } from '../membership/removal-desk.js';
import { DataSizes } from '../membership/size-estimate.js';
import { NodeOptions } from '../options/node-options.js';
import { Collection } from '../replica/collection.js';
import { FeedHandler } from '../replica/feed-handler.js';
import { Expiry } from '../replica/expiry.js';
import { Forgetting } from '../replica/forgetting.js';
import { PartsFreeing } from '../replica/parts-freeing.js';
import { Handoff } from '../replica/handoff.js';
import { ListHandler } from '../replica/list-handler.js';
import { MergeHandler } from '../replica/merge-handler.js';
import { ReadHandler } from '../replica/read-handler.js';
import { CountHandler } from '../replica/count-handler.js';
import { Clearing } from '../replica/clearing.js';
import { CollectionHandler } from '../replica/collection-handler.js';
import { Release } from '../replica/release.js';
import { Transfer } from '../replica/transfer.js';
import { TransferHandler } from '../replica/transfer-handler.js';
import { TreeExchange } from '../replica/tree-exchange.js';
import { TreeHandler } from '../replica/tree-handler.js';
import { AgreedClock } from '../seams/agreed-clock.js';
import { Bus } from '../seams/bus.js';
import { Clock } from '../seams/clock.js';
import { Inspection } from '../seams/inspection.js';
import { Journal, silentJournal } from '../seams/journal.js';
import { LogDirectory } from '../seams/log-file.js';
import { Metrics } from '../seams/metrics.js';
import { Random } from '../seams/random.js';
import { Tables } from '../seams/table.js';
import { Tracing } from '../seams/tracing.js';
import { DurableStore } from '../store/durable-store.js';
import { Store } from '../store/store.js';
import type { NodeSeams } from './quorate-node.js';
import { StoreSizes } from './store-sizes.js';

/** What can be made before the disk was read. */
export function containerOf(seams: NodeSeams, options: NodeOptions): DependencyContainer {
  const scope = container.createChildContainer();
  const clock = new AgreedClock(seams.clock);
  scope.register(Clock, { useValue: clock });
  scope.register(AgreedClock, { useValue: clock });
  scope.register(Random, { useValue: seams.random });
  scope.register(Bus, { useValue: seams.bus });
  scope.register(LogDirectory, { useValue: seams.logDirectory });
  scope.register(Tables, { useValue: seams.tables });
  scope.register(Journal, { useValue: seams.journal ?? silentJournal });
  scope.register(NodeOptions, { useValue: options });
  scope.registerSingleton<Buckets>(Buckets, KnownBuckets);
  scope.registerSingleton(Inspection);
  scope.registerSingleton(Metrics);
  scope.registerSingleton(Store, DurableStore);
  return scope;
}

export interface NodeParts {
  readonly peers: Peers;
  readonly membership: Membership;
  readonly coordinator: Coordinator;
  /** They answer other nodes, and who runs them. */
  readonly handlers: readonly { start(): void }[];
  readonly handoff: Handoff;
  readonly exchange: TreeExchange;
  readonly collection: Collection;
  readonly expiry: Expiry;
  readonly freeing: PartsFreeing;
  readonly transfer: Transfer;
  readonly release: Release;
  readonly clearing: Clearing;
  readonly waysIn: WaysIn;
  readonly insight: InsightDesk;
}

/** What needs the node's id, and with it a store that has recovered. */
export function nodePartsOf(
  scope: DependencyContainer,
  own: { readonly address: NodeAddress; readonly status: NodeStatusSource },
): NodeParts {
  scope.register(NodeAddress, { useValue: own.address });
  scope.register(NodeStatusSource, { useValue: own.status });
  scope.registerSingleton(TraceRecorder);
  scope.register<Tracing>(Tracing, { useFactory: (own) => own.resolve(TraceRecorder) });
  scope.registerSingleton(Peers, BusPeers);
  scope.registerSingleton(ToldClocks);
  scope.registerSingleton(Membership);
  scope.register<ClusterView>(ClusterView, { useFactory: (own) => own.resolve(Membership).view });
  scope.registerSingleton(Coordinator, RoundCoordinator);
  scope.registerSingleton(Listings, Lister);
  scope.registerSingleton<BucketChanges>(BucketChanges, Rebooking);
  scope.registerSingleton(Forgetting);
  scope.registerSingleton(Expiry);
  scope.registerSingleton(TreeExchange);
  scope.registerSingleton<DataSizes>(DataSizes, StoreSizes);
  return {
    peers: scope.resolve<Peers>(Peers),
    membership: scope.resolve(Membership),
    coordinator: scope.resolve<Coordinator>(Coordinator),
    handlers: [
      MergeHandler,
      ReadHandler,
      ListHandler,
      TreeHandler,
      CollectionHandler,
      CountHandler,
      TransferHandler,
      FeedHandler,
      RemovalDesk,
      ChangeDesk,
    ].map((part) => scope.resolve<{ start(): void }>(part)),
    handoff: scope.resolve(Handoff),
    exchange: scope.resolve(TreeExchange),
    collection: scope.resolve(Collection),
    expiry: scope.resolve(Expiry),
    freeing: scope.resolve(PartsFreeing),
    transfer: scope.resolve(Transfer),
    release: scope.resolve(Release),
    clearing: scope.resolve(Clearing),
    waysIn: scope.resolve(WaysIn),
    insight: scope.resolve(InsightDesk),
  };
}

/**
 * Release: drops what this node holds of keys that are not its own any more, by the `release`
 * machine. A stray is dropped when every owner it has now holds the same on its disk, or what has
 * replaced it, or has merged it there, each going by the layout this node goes by; its mark goes
 * with it, so that this node mints under a new epoch if it comes to own the key again.
 */
import { inject, injectable } from 'tsyringe';
import { type Actor, createActor } from 'xstate';
import type { ReleaseEffects, ReleaseEvent } from '../../actors/replica/release.machine.js';
import { releaseChart, type releaseMachine } from '../../actors/replica/release.machine.js';
import type { NodeId } from '../../actors/rules/actor.js';
import type { StorageKey } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { transferLimits } from '../../actors/rules/limits/transfer.js';
import type { ConfigurationNumber } from '../../actors/rules/said-configuration.js';
import { sameDigest } from '../../actors/rules/versions.js';
import { Buckets } from '../buckets/buckets.js';
import { goesByAnother, Peers, type CallId } from '../bus/peers.js';
import { QuorateError } from '../errors.js';
import { ClusterView } from '../membership/cluster-view.js';
import { NodeOptions } from '../options/node-options.js';
import { Clock } from '../seams/clock.js';
import { Inspection } from '../seams/inspection.js';
import { Metrics, type Counter } from '../seams/metrics.js';
import { Store, type ScannedKey } from '../store/store.js';
import { stateIn } from '../wire/encoded-state.js';
import type { Request, Verb } from '../wire/protocol/bodies.js';
import { mergeBody, mergeReason, notOwed } from '../wire/protocol/merge.js';
import { otherwiseHeldOf, transferBody, type OutlinedKey } from '../wire/protocol/transfer.js';
import { encodeBatch, type BatchRecord } from '../wire/state-batch.js';
import { recordsOf } from '../wire/state-parts.js';
import type { WireValue } from '../wire/wire-value.js';
import { BackgroundActor } from './background-actor.js';
import { Pace } from './pace.js';
import { StrayWalk } from './stray-walk.js';

@injectable()
export class Release implements ReleaseEffects {
  private readonly actor: BackgroundActor<Actor<typeof releaseMachine>>;
  private readonly walk: StrayWalk;
  private layout: ConfigurationNumber;
  private strays: readonly ScannedKey[] = [];
  /** What is news to each owner, and was not sent yet. */
  private readonly toPush = new Map<NodeId, StorageKey[]>();
  /** What is left of a state that is pushed in parts because it is larger than a message. */
  private partsToPush: BatchRecord[] = [];
  private calls: CallId[] = [];
  private emptied: { isOnDisk: boolean } | undefined;
  private readonly pace: Pace;
  private readonly counted: Readonly<Record<'dropped' | 'pushed' | 'bytes', Counter>>;

  constructor(
    @inject(Store) private readonly store: Store,
    @inject(Peers) private readonly peers: Peers,
    @inject(ClusterView) private readonly view: ClusterView,
    @inject(Clock) clock: Clock,
    @inject(NodeOptions) { partitions }: NodeOptions,
    @inject(Buckets) buckets: Buckets,
    @inject(Inspection) inspection: Inspection,
    @inject(Metrics) metrics: Metrics,
  ) {
    this.actor = new BackgroundActor(() => createActor(releaseChart(this), { clock }), inspection);
    this.counted = {
      dropped: metrics.counter('release.dropped', 'keys dropped, as all their owners have them'),
      pushed: metrics.counter('release.pushed', 'states owners were sent before that'),
      bytes: metrics.counter('release.bytes', 'bytes of those states'),
    };
    this.pace = new Pace(clock, store);
    const { self } = peers;
    this.walk = new StrayWalk({ self, partitions, store, view, buckets });
    this.layout = view.configuration;
    view.onChange((change) => {
      if (change.kind === 'ring') this.followLayout();
    });
  }

  start(): void {
    this.actor.start();
  }

  stop(): void {
    if (this.actor.stop()) this.giveUp();
  }

  /**
   * This node holds nothing at all, and owes nothing to anybody, and no crash brings any of it
   * back: the first time that it has come to that, what it dropped may not be off its disk yet.
   */
  isEmpty(): boolean {
    if (this.store.keys > 0 || this.store.hints.total().count > 0) {
      this.emptied = undefined;
      return false;
    }
    if (this.emptied === undefined) {
      const emptied = { isOnDisk: false };
      this.emptied = emptied;
      this.store.settled(() => (emptied.isOnDisk = true));
    }
    return this.emptied.isOnDisk;
  }

  /**
   * Whether this node holds of the partition, besides what it owns, only what it owes: settled
   * hints may go then without asking anybody.
   */
  isReleased(partition: number): boolean {
    return this.walk.isReleased(partition);
  }

  look(): void {
    const refusal = this.store.refusal();
    // On a full disk a drop waits for room, in memory, as what it owes does when it is delivered:
    // until then it is as if it had not happened yet, and the owners have it all the same.
    if (refusal !== undefined && refusal.reason !== 'diskFull')
      return this.send({ type: 'pass.ended' });
    const strays = this.pace.work(() => this.walk.step());
    if (strays === undefined) return this.send({ type: 'pass.ended' });
    this.strays = strays;
    this.send({ type: strays.length === 0 ? 'strays.none' : 'strays.found' });
  }

  compare(): void {
    this.toPush.clear();
    this.partsToPush = [];
    const byOwner = new Map<NodeId, ScannedKey[]>();
    for (const stray of this.strays) {
      const owners = this.walk.ownersOf(stray.key);
      if (owners === undefined) return this.send({ type: 'owner.missing' });
      for (const owner of owners) listOf(byOwner, owner).push(stray);
    }
    let open = byOwner.size;
    for (const [owner, keys] of byOwner)
      this.askWhatDiffers(owner, keys, (differing) => {
        if (differing.length > 0) this.toPush.set(owner, differing);
        open--;
        if (open > 0) return;
        this.send({ type: this.toPush.size === 0 ? 'owners.equal' : 'owners.differ' });
      });
  }

  push(): void {
    const [owner] = this.toPush.keys();
    if (owner === undefined) return this.send({ type: 'states.pushed', complete: true });
    const keys = this.toPush.get(owner)!;
    const records = this.pace.work(() => this.recordsFor(keys));
    const done = (): void => {
      if (this.partsToPush.length === 0 && this.toPush.get(owner)?.length === 0)
        this.toPush.delete(owner);
      this.send({ type: 'states.pushed', complete: this.toPush.size === 0 });
    };
    if (records.length === 0) return done();
    const { release } = mergeReason;
    const { backgroundCallMsMax } = limits;
    const batch = encodeBatch(records);
    const body = mergeBody(release, notOwed, backgroundCallMsMax, batch, this.layout);
    this.ask(owner, 'merge', body, () => {
      this.counted.pushed.value += records.length;
      this.counted.bytes.value += batch.length;
      done();
    });
  }

  drop(): void {
    try {
      const before = this.store.keys;
      this.pace.work(() => this.store.remove(this.strays, () => {}));
      this.counted.dropped.value += before - this.store.keys;
    } catch (error) {
      // The store takes nothing more for now: the next pass finds them again.
      if (!(error instanceof QuorateError)) throw error;
    }
    this.strays = [];
    this.send({ type: 'strays.dropped' });
  }

  setAside(): void {
    this.walk.setAside();
  }

  giveUp(): void {
    for (const call of this.calls) this.peers.giveUp(call);
    this.calls = [];
  }

  restMs(): number {
    return this.pace.restMs();
  }

  /** Which of them the owner has to be sent. */
  private askWhatDiffers(
    owner: NodeId,
    keys: readonly ScannedKey[],
    then: (differing: StorageKey[]) => void,
  ): void {
    const body = transferBody({ kind: 'held', layout: this.layout, keys });
    this.ask(owner, 'transfer', body, (answer) => {
      const differing = otherwiseHeldOf(answer, keys.length).map((position) => keys[position]!);
      if (differing.length === 0) then([]);
      else this.askWhatIsNews(owner, differing, then);
    });
  }

  /**
   * While partitions moved and since then most of what differs was written anew: the owner needs
   * none of that, as the contexts alone show.
   */
  private askWhatIsNews(
    owner: NodeId,
    differing: readonly ScannedKey[],
    then: (news: StorageKey[]) => void,
  ): void {
    const keys: OutlinedKey[] = [];
    const news: StorageKey[] = [];
    let bytes = 0;
    for (const { key, digest } of differing) {
      const held = this.store.peek(key);
      const isSame = held !== undefined && sameDigest(held.digest, digest);
      const context = isSame ? stateIn(held.bytes) : undefined;
      const length = context?.contextBytes.length ?? 0;
      if (context === undefined || bytes + length > transferLimits.batchBytesMax) news.push(key);
      else {
        keys.push({ key, context });
        bytes += length;
      }
    }
    if (keys.length === 0) return then(news);
    const body = transferBody({ kind: 'replaced', layout: this.layout, keys });
    this.ask(owner, 'transfer', body, (answer) => {
      for (const position of otherwiseHeldOf(answer, keys.length)) news.push(keys[position]!.key);
      then(news);
    });
  }

  private send(event: ReleaseEvent): void {
    this.actor.send(event);
  }

  private followLayout(): void {
    const { configuration } = this.view;
    if (configuration === this.layout) return;
    this.layout = configuration;
    this.walk.begin();
    this.send({ type: 'layout.changed' });
  }

  /**
   * As they are now: whoever merges them holds what was compared, and maybe more. As many as one
   * message takes, or a part of one.
   */
  private recordsFor(keys: StorageKey[]): BatchRecord[] {
    const part = this.partsToPush.shift();
    if (part !== undefined) return [part];
    const records: BatchRecord[] = [];
    let bytes = 0;
    while (keys.length > 0 && this.partsToPush.length === 0) {
      const held = this.store.peek(keys[0]!);
      const length = held?.bytes.length ?? 0;
      if (records.length > 0 && bytes + length > transferLimits.batchBytesMax) break;
      const key = keys.shift()!;
      if (held === undefined) continue;
      const [first, ...rest] = recordsOf(key, held.bytes);
      records.push(first!);
      this.partsToPush.push(...rest);
      bytes += length;
    }
    return records;
  }

  private ask<V extends Verb>(
    to: NodeId,
    verb: V,
    body: Request<V>,
    take: (answer: readonly WireValue[]) => void,
  ): void {
    const call = this.peers.call(to, verb, body, (answer) => {
      if (goesByAnother(answer)) this.view.reconcile(to);
      if (answer.kind !== 'ok') return this.send({ type: 'owner.missing' });
      try {
        take(answer.body);
      } catch (error) {
        if (!(error instanceof QuorateError)) throw error;
        this.send({ type: 'owner.missing' });
      }
    });
    this.calls.push(call);
  }
}

function listOf<K, V>(lists: Map<K, V[]>, key: K): V[] {
  const list = lists.get(key);
  if (list !== undefined) return list;
  const created: V[] = [];
  lists.set(key, created);
  return created;
}

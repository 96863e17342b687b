/**
 * How far all nodes are, for all watches of this node; nobody is asked while there is none. Once a
 * second all are asked for the roots of their trees at the same moment: where two have the same,
 * they hold the same, and a watch that was told what one of them held can go on at the other.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import type { NodeId } from '../../actors/rules/actor.js';
import { watchLimits } from '../../actors/rules/limits/watch.js';
import { ClusterView } from '../membership/cluster-view.js';
import { NodeOptions } from '../options/node-options.js';
import { Clock, type TimerId } from '../seams/clock.js';
import { FeedPeers } from './feed-peers.js';
import { PeerPulse } from './peer-pulse.js';

export interface PulseListener {
  /**
   * Something is new at a node. `nodesChanged`: one is heard no more, or again, or owners are
   * others.
   */
  pulsed(nodesChanged: boolean): void;
  /** The roots that were asked for before are there, and are asked for anew now. */
  sampled(): void;
}

@scoped(Lifecycle.ContainerScoped)
export class Pulses {
  private readonly byNode = new Map<NodeId, PeerPulse>();
  private readonly listeners = new Set<PulseListener>();
  private sampleTimer: TimerId;
  private isToldSoon = false;
  private haveNodesChanged = false;

  constructor(
    @inject(FeedPeers) private readonly peers: FeedPeers,
    @inject(ClusterView) private readonly view: ClusterView,
    @inject(NodeOptions) private readonly options: NodeOptions,
    @inject(Clock) private readonly clock: Clock,
  ) {
    view.onChange(() => {
      if (this.listeners.size === 0) return;
      this.followMembers();
      this.tellSoon(true);
    });
  }

  /** Until it leaves. */
  hear(listener: PulseListener): void {
    this.listeners.add(listener);
    if (this.listeners.size > 1) return;
    this.followMembers();
    this.sampleLater(watchLimits.pulseRetryMs);
  }

  leave(listener: PulseListener): void {
    this.listeners.delete(listener);
    if (this.listeners.size > 0) return;
    for (const pulse of this.byNode.values()) pulse.stop();
    this.byNode.clear();
    this.clock.clearTimeout(this.sampleTimer);
  }

  /** Undefined: it is none of the cluster. */
  of(node: NodeId): PeerPulse | undefined {
    return this.byNode.get(node);
  }

  readonly isHeard = (node: NodeId): boolean => this.byNode.get(node)?.isHeard === true;

  /** Everybody was asked once, and did or did not answer. */
  get areKnown(): boolean {
    return [...this.byNode.values()].every(({ isKnown }) => isKnown);
  }

  private followMembers(): void {
    const { byNode, view, peers, clock } = this;
    const { partitions } = this.options;
    const effects = { changed: (heard: boolean) => this.tellSoon(heard) };
    const members = new Set(view.holders());
    members.add(peers.self);
    for (const [node, pulse] of byNode) {
      if (members.has(node)) continue;
      pulse.stop();
      byNode.delete(node);
    }
    for (const node of members)
      if (!byNode.has(node))
        byNode.set(node, new PeerPulse(node, { peers, clock, partitions, effects }));
  }

  private sampleLater(ms: number): void {
    this.sampleTimer = this.clock.setTimeout(() => {
      for (const listener of this.listeners) listener.sampled();
      for (const pulse of this.byNode.values()) pulse.sample();
      this.sampleLater(watchLimits.sampleMs);
    }, ms);
  }

  /** Once for all that changes within a turn. */
  private tellSoon(nodesChanged: boolean): void {
    this.haveNodesChanged ||= nodesChanged;
    if (this.isToldSoon) return;
    this.isToldSoon = true;
    this.clock.endOfTurn(() => {
      this.isToldSoon = false;
      const changed = this.haveNodesChanged;
      this.haveNodesChanged = false;
      for (const listener of this.listeners) listener.pulsed(changed);
    });
  }
}

/** What the rest of the node sees of the members, and who is told when that changes. */
import type { NodeId } from '../../actors/rules/actor.js';
import { arrivalObjection } from '../../actors/rules/arrival.js';
import {
  type ClusterId,
  type Configuration,
  membersOf,
  type Place,
} from '../../actors/rules/configuration.js';
import type { Direction } from '../../actors/rules/layout.js';
import { nobody, type Layout } from '../../actors/rules/placement.js';
import { remaining } from '../../actors/rules/removal.js';
import type { ConfigurationNumber } from '../../actors/rules/said-configuration.js';
import type {
  ClusterChange,
  ClusterView,
  Member,
  Placement,
  Reachability,
  Ring,
  Standing,
  Told,
} from './cluster-view.js';
import type { PeerWatch } from './peer-watch.js';
import { RingCache } from './ring-cache.js';
import type { Roster } from './roster.js';

export interface MemberViewOptions {
  readonly roster: Roster;
  readonly watch: PeerWatch;
  readonly removed: ReadonlySet<NodeId>;
  readonly partitions: number;
  readonly reconcile: (node: NodeId) => void;
}

export class MemberView implements ClusterView {
  readonly removed: ReadonlySet<NodeId>;
  readonly reconcile: (node: NodeId) => void;
  isLeaving = false;
  sharesSubjects = false;
  private readonly roster: Roster;
  private readonly watch: PeerWatch;
  private readonly rings: RingCache;
  private named: readonly NodeId[] = nobody;
  private known: Configuration | undefined;
  private readonly listeners: ((change: ClusterChange) => void)[] = [];
  private readonly toldListeners: ((told: Told) => void)[] = [];

  constructor({ roster, watch, removed, partitions, reconcile }: MemberViewOptions) {
    this.roster = roster;
    this.watch = watch;
    this.removed = removed;
    this.reconcile = reconcile;
    this.rings = new RingCache(partitions);
  }

  get self(): Member {
    return this.roster.self;
  }

  get ring(): Ring {
    return this.rings.current;
  }

  get configuration(): ConfigurationNumber {
    return this.rings.layoutNumber;
  }

  get direction(): Direction | undefined {
    return this.rings.direction;
  }

  get cluster(): ClusterId | undefined {
    return this.rings.cluster;
  }

  get layout(): Layout {
    return this.rings.layout;
  }

  members(): readonly Member[] {
    return this.roster.all();
  }

  holders(): readonly NodeId[] {
    return remaining(this.named, this);
  }

  reachability(node: NodeId): Reachability {
    return node === this.self.id ? 'alive' : this.watch.reachability(node);
  }

  standing(node: NodeId): Standing {
    const { known } = this;
    if (known === undefined) return {};
    if (isToLeave(known, node)) return { leaving: true };
    const member = this.roster.get(node);
    if (member?.status !== 'joining') return {};
    const { id, name, host, zone, weight, wish } = member;
    if (wish === undefined) return { waits: 'ask' };
    const arrival = { place: { id, name, host, zone, weight }, wish };
    return { waits: arrivalObjection(known, arrival) === undefined ? 'auto' : 'ask' };
  }

  isAbsent(node: NodeId): boolean {
    return this.watch.isAbsent(node);
  }

  isMet(node: NodeId): boolean {
    return this.watch.isMet(node);
  }

  placement(partition: number, n: number): Placement {
    return this.rings.placement(partition, n);
  }

  onChange(listener: (change: ClusterChange) => void): void {
    this.listeners.push(listener);
  }

  onTold(listener: (told: Told) => void): void {
    this.toldListeners.push(listener);
  }

  /** The placements follow from it from now on; the roster knows it already. */
  goBy(configuration: Configuration): void {
    this.isLeaving = configuration.leaving.includes(this.self.id);
    this.named = membersOf(configuration);
    this.known = configuration;
    this.rings.goBy(configuration);
    this.changed({ kind: 'ring' });
  }

  changed(change: ClusterChange): void {
    for (const listener of this.listeners) listener(change);
  }

  told(what: Told): void {
    for (const listener of this.toldListeners) listener(what);
  }
}

/** It owns nothing any more, or nothing once the move is over. */
function isToLeave({ members, move, leaving }: Configuration, node: NodeId): boolean {
  if (leaving.includes(node)) return true;
  const isIn = (places: readonly Place[]): boolean => places.some(({ id }) => id === node);
  return move !== undefined && isIn(members) && !isIn(move.members);
}

/**
 * Tells the journal what comes of others: who is out of reach, who came and went, what moves, the
 * connection; and now and then how much was refused.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { journalLimits } from '../../actors/rules/limits/journal.js';
import type { ClusterChange, ClusterView, Reachability } from '../membership/cluster-view.js';
import type { Bus } from '../seams/bus.js';
import type { Clock, TimerId } from '../seams/clock.js';
import type { Journal, RefusalCounts } from '../seams/journal.js';
import type { Metrics } from '../seams/metrics.js';

export interface JournalKeeperParts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly bus: Pick<Bus, 'connected' | 'onStatus'>;
  readonly view: ClusterView;
  readonly metrics: Pick<Metrics, 'counted'>;
}

/** By the instruments that count them. */
const counters: Readonly<Record<keyof RefusalCounts, string>> = {
  failed: 'coordinator.failures',
  unanswerable: 'api.repliesRefused',
  hintsRefused: 'coordinator.hintsRefused',
  malformed: 'peers.malformed',
  faults: 'peers.handlerFailures',
};

export class JournalKeeper {
  private timer: TimerId;
  private isOver = false;
  private isConnected = false;
  /** Who is not alive, and since when. */
  private readonly away = new Map<NodeId, { now: Reachability; readonly sinceMs: number }>();
  /** By id, with their names: who has gone has none any more. */
  private members: ReadonlyMap<NodeId, string> = new Map();
  private direction: ClusterView['direction'];
  private counted: RefusalCounts;

  constructor(private readonly parts: JournalKeeperParts) {
    const { bus, view } = parts;
    this.counted = this.count();
    view.onChange((change) => this.noteChange(change));
    bus.onStatus(() => this.noteLink());
    this.noteLink();
    this.expectReview();
  }

  /** The node is about to end: what becomes of the others is theirs to tell. */
  end(): void {
    this.isOver = true;
    this.parts.clock.clearTimeout(this.timer);
  }

  private noteLink(): void {
    const { connected } = this.parts.bus;
    if (this.isOver || connected === this.isConnected) return;
    this.isConnected = connected;
    this.parts.journal.tell({ event: connected ? 'nats.connected' : 'nats.disconnected' });
  }

  private noteChange(change: ClusterChange): void {
    if (this.isOver) return;
    if (change.kind === 'reachability') return this.noteReachability(change.node, change.now);
    this.noteMembers();
    this.noteMove();
  }

  private noteReachability(peerId: NodeId, now: Reachability): void {
    const { journal, clock } = this.parts;
    const peer = this.nameOf(peerId);
    const before = this.away.get(peerId);
    if (now === (before?.now ?? 'alive')) return;
    if (now === 'alive') {
      this.away.delete(peerId);
      const awayMs = Math.round(clock.monotonicMs() - before!.sinceMs);
      return journal.tell({ event: 'peer.back', peer, peerId, awayMs });
    }
    this.away.set(peerId, { now, sinceMs: before?.sinceMs ?? clock.monotonicMs() });
    journal.tell({ event: now === 'down' ? 'peer.down' : 'peer.suspect', peer, peerId });
  }

  private noteMembers(): void {
    const { view, journal } = this.parts;
    const before = this.members;
    const now = new Map(view.holders().map((id) => [id, this.nameOf(id)]));
    this.members = now;
    const came = [...now].filter(([id]) => !before.has(id));
    const went = [...before].filter(([id]) => !now.has(id));
    for (const [id] of went) this.away.delete(id);
    if (came.length === 0 && went.length === 0) return;
    const { configuration } = view;
    const told = { configuration, members: now.size, came: namesOf(came), went: namesOf(went) };
    journal.tell({ event: 'members.changed', ...told });
  }

  private noteMove(): void {
    const { view, journal } = this.parts;
    const { configuration, direction } = view;
    const before = this.direction;
    if (direction === before) return;
    this.direction = direction;
    if (direction === undefined) journal.tell({ event: 'move.ended', configuration });
    else if (before === undefined) journal.tell({ event: 'move.begun', configuration });
    else journal.tell({ event: 'move.turned', configuration });
  }

  private expectReview(): void {
    const { clock } = this.parts;
    this.timer = clock.setTimeout(() => this.review(), journalLimits.reviewMs);
  }

  private review(): void {
    const before = this.counted;
    const now = this.count();
    this.counted = now;
    const grown = { ...now };
    for (const of of kinds) grown[of] -= before[of];
    if (kinds.some((of) => grown[of] > 0)) {
      const periodMs = journalLimits.reviewMs;
      this.parts.journal.tell({ event: 'requests.refused', periodMs, ...grown });
    }
    this.expectReview();
  }

  private count(): Record<keyof RefusalCounts, number> {
    const of = (kind: keyof RefusalCounts): number => this.parts.metrics.counted(counters[kind]);
    return {
      failed: of('failed'),
      unanswerable: of('unanswerable'),
      hintsRefused: of('hintsRefused'),
      malformed: of('malformed'),
      faults: of('faults'),
    };
  }

  private nameOf(node: NodeId): string {
    const { view } = this.parts;
    if (node === view.self.id) return view.self.name;
    return view.members().find(({ id }) => id === node)?.name ?? this.members.get(node) ?? node;
  }
}

const kinds = Object.keys(counters) as (keyof RefusalCounts)[];

function namesOf(members: readonly (readonly [NodeId, string])[]): string[] {
  return members.slice(0, journalLimits.namesMax).map(([, name]) => name);
}

/** How far a move is, as `kv.ring` tells it: in all, for each node, and how fast. */
import type { NodeId } from '../../actors/rules/actor.js';
import { commandLimits } from '../../actors/rules/limits/command.js';
import { isMoving, placementOf, type Placement } from '../../actors/rules/placement.js';
import type { Spread } from '../../actors/rules/spread.js';
import { layoutOf, spreadIn, type RingMessage } from './ring-message.js';

/** Of partitions, so many of which have moved. */
export interface Share {
  readonly done: number;
  readonly total: number;
}

export interface NodeProgress {
  readonly id: NodeId;
  readonly name: string;
  /** What it is to own. */
  readonly incoming: Share;
  /** What it is to own no more. */
  readonly outgoing: Share;
}

export interface MoveProgress extends Share {
  readonly layout: number;
  /** All nodes, in the order in which the ring tells them. */
  readonly nodes: readonly NodeProgress[];
}

/** Undefined: nothing moves. */
export function moveProgressOf(ring: RingMessage): MoveProgress | undefined {
  const layout = layoutOf(ring);
  const { next } = layout;
  if (next === undefined) return undefined;
  const whole = new Counter();
  const incoming = new Counters();
  const outgoing = new Counters();
  const ns = replicaCountsOf(ring);
  for (let partition = 0; partition < ring.groupOf.length; partition++) {
    const placements = ns.map((n) => placementOf(layout, partition, n)).filter(isMoving);
    if (placements.length === 0) continue;
    const isDone = next.hasMoved(partition);
    whole.count(isDone);
    for (const node of new Set(placements.flatMap(comingTo))) incoming.of(node).count(isDone);
    for (const node of new Set(placements.flatMap(goingFrom))) outgoing.of(node).count(isDone);
  }
  const nodes = ring.nodes.map(({ id, name }) => {
    return { id, name, incoming: incoming.of(id).share, outgoing: outgoing.of(id).share };
  });
  return { layout: ring.epoch, ...whole.share, nodes };
}

/** Owners follow from a bucket's N, and there are few. */
function replicaCountsOf(ring: RingMessage): readonly Spread[] {
  return [...new Set([spreadIn(ring), ...ring.buckets.map(([name]) => spreadIn(ring, name))])];
}

function comingTo({ primaries, incoming }: Placement): readonly NodeId[] {
  return incoming.filter((node) => !primaries.includes(node));
}

function goingFrom({ primaries, incoming }: Placement): readonly NodeId[] {
  return primaries.filter((node) => !incoming.includes(node));
}

class Counter {
  private done = 0;
  private total = 0;

  count(isDone: boolean): void {
    this.total++;
    if (isDone) this.done++;
  }

  get share(): Share {
    return { done: this.done, total: this.total };
  }
}

class Counters {
  private readonly counters = new Map<NodeId, Counter>();

  of(node: NodeId): Counter {
    const known = this.counters.get(node) ?? new Counter();
    this.counters.set(node, known);
    return known;
  }
}

/** Where nothing moves: in the same form. */
export function restOf({ epoch, nodes }: RingMessage): MoveProgress {
  const none = new Counter().share;
  const shares = nodes.map(({ id, name }) => ({ id, name, incoming: none, outgoing: none }));
  return { layout: epoch, ...none, nodes: shares };
}

/** How many partitions move a second, lately. */
export class MovePace {
  private readonly samples: { readonly atMs: number; readonly done: number }[] = [];

  note(atMs: number, { done }: Share): void {
    const { samples } = this;
    if (samples.length >= commandLimits.paceSamplesMax) samples.shift();
    samples.push({ atMs, done });
  }

  /** 0 while none was seen to move. */
  get perSecond(): number {
    const [first, last] = [this.samples[0], this.samples.at(-1)];
    if (first === undefined || last === undefined || last.atMs === first.atMs) return 0;
    // Less than before: who was asked last has heard less of it, or the move was cancelled.
    return Math.max(0, (1000 * (last.done - first.done)) / (last.atMs - first.atMs));
  }

  /** Undefined while nobody can tell. */
  secondsLeft({ done, total }: Share): number | undefined {
    const { perSecond } = this;
    return perSecond === 0 ? undefined : (total - done) / perSecond;
  }
}

/** In all, and to each node. */
export class MovePaces {
  readonly whole = new MovePace();
  private readonly nodes = new Map<NodeId, MovePace>();

  note(atMs: number, progress: MoveProgress): void {
    this.whole.note(atMs, progress);
    for (const { id, incoming } of progress.nodes) {
      if (incoming.total > 0) this.to(id).note(atMs, incoming);
      else this.nodes.delete(id);
    }
  }

  to(node: NodeId): MovePace {
    const known = this.nodes.get(node) ?? new MovePace();
    this.nodes.set(node, known);
    return known;
  }
}

export interface ToldPace {
  readonly perSecond: number;
  /** null while nobody can tell. */
  readonly secondsLeft: number | null;
}

export interface PacedProgress extends MoveProgress, ToldPace {
  readonly nodes: readonly (NodeProgress & ToldPace)[];
}

/** As `quorate ring --watch --json` prints it. */
export function paced(progress: MoveProgress, paces: MovePaces): PacedProgress {
  const nodes = progress.nodes.map((node) => {
    return { ...node, ...toldPace(node.incoming, paces.to(node.id)) };
  });
  return { ...progress, ...toldPace(progress, paces.whole), nodes };
}

function toldPace(share: Share, pace: MovePace): ToldPace {
  const isDone = share.done === share.total;
  const secondsLeft = isDone ? 0 : (pace.secondsLeft(share) ?? null);
  return { perSecond: pace.perSecond, secondsLeft };
}

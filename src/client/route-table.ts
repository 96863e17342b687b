/**
 * Which node coordinates a request: the first primary of the key's partition that answers, as the nodes see it
 * themselves, so that blind puts of all clients meet there. When no primary answers, a fallback.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import type { RingMessage } from '../wire/ring-message.js';
import type { NodeStates } from './node-states.js';
import type { Request, Terms } from './request.js';

export interface LaneBounds {
  readonly rowsMax: number;
  readonly framesMax: number;
}

/** Where requests of one coordinator, one set of primaries and equal terms wait for the end of the turn. */
export class Lane {
  queue: Request[] = [];
  framesInFlight = 0;
  /** Of its last frame. */
  sentAtMs = 0;
  /** From a frame to its reply, smoothed; 0 while none is known. */
  roundTripMs = 0;
  /** Frames it may have in flight. */
  window: number;
  /** After a 429, nothing leaves until then. */
  pausedUntilMs = 0;
  /** 429s without a success in between. */
  refusals = 0;
  /** It is on the list of lanes to look at when the turn ends. */
  listed = false;
  /** How many rows of a get frame lately fitted into one reply. */
  rowsMax: number;

  constructor(
    readonly node: NodeId,
    readonly terms: Terms,
    bounds: LaneBounds,
  ) {
    this.rowsMax = bounds.rowsMax;
    this.window = bounds.framesMax;
  }

  get idle(): boolean {
    return this.queue.length === 0 && this.framesInFlight === 0;
  }
}

/** A coordinator with one set of primaries: requests that can share a round. */
export class Target {
  readonly lanes = new Map<number, Lane>();

  constructor(readonly node: NodeId) {}

  lane(terms: Terms, bounds: LaneBounds): Lane {
    let lane = this.lanes.get(terms.id);
    if (lane === undefined) {
      lane = new Lane(this.node, terms, bounds);
      this.lanes.set(terms.id, lane);
    }
    return lane;
  }
}

export class RouteTable {
  private readonly targets = new Map<string, Target>();
  private ring: RingMessage | undefined;
  private buckets = new Map<string, number>();
  /** N → group → target; null: nobody answers. Emptied when the ring or anyone's state changes. */
  private readonly byN = new Map<number, (Target | null)[]>();

  constructor(private readonly states: NodeStates) {}

  get epoch(): number | undefined {
    return this.ring?.epoch;
  }

  /** 0 while no ring is known. */
  get partitions(): number {
    return this.ring?.groupOf.length ?? 0;
  }

  get nodes(): readonly NodeId[] {
    return this.ring?.nodes.map((node) => node.id) ?? [];
  }

  set(ring: RingMessage): void {
    if (ring.epoch !== this.ring?.epoch) this.forgetIdleTargets();
    this.ring = ring;
    this.buckets = new Map(ring.buckets);
    this.invalidate();
  }

  /** Someone came or went. */
  invalidate(): void {
    this.byN.clear();
  }

  /** Undefined: no ring yet, or nobody answers. */
  targetOf(request: Request): Target | undefined {
    const { ring } = this;
    if (ring === undefined) return undefined;
    const n = this.buckets.get(request.terms.bucket) ?? ring.n;
    let row = this.byN.get(n);
    if (row === undefined) {
      row = [];
      this.byN.set(n, row);
    }
    const group = ring.groupOf[request.partition]!;
    let target = row[group];
    if (target === undefined) {
      target = this.choose(ring, ring.groups[group]!, n);
      row[group] = target;
    }
    return target ?? undefined;
  }

  lanes(): Lane[] {
    return [...this.targets.values()].flatMap(({ lanes }) => Array.from(lanes.values()));
  }

  private choose(ring: RingMessage, group: readonly number[], n: number): Target | null {
    const list = group.map((index) => ring.nodes[index]!.id);
    const node =
      list.find((id) => this.states.of(id) === 'answers') ??
      list.find((id) => this.states.of(id) === 'silent');
    if (node === undefined) return null;
    const name = `${node} ${list.slice(0, n).sort().join(' ')}`;
    let target = this.targets.get(name);
    if (target === undefined) {
      target = new Target(node);
      this.targets.set(name, target);
    }
    return target;
  }

  private forgetIdleTargets(): void {
    for (const [name, target] of this.targets) {
      if ([...target.lanes.values()].every((lane) => lane.idle)) this.targets.delete(name);
    }
  }
}

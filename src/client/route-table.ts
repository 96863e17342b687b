/**
 * Which node coordinates a request. Of a put: the first reader of the key's partition that answers
 * (its primaries are its readers, but for those of a partition that has moved), as the nodes see it
 * themselves, so that blind puts of all clients meet there; when no reader answers, another owner
 * or a fallback. A get may go to any reader, and where R of them answer the client coordinates it
 * itself (`own-read.ts`).
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { type SaidConfiguration, unsaid } from '../../actors/rules/said-configuration.js';
import { clientLimits } from '../../actors/rules/limits/client.js';
import { placementOf, type Layout, type SideRead } from '../../actors/rules/placement.js';
import type { ByteString } from '../../actors/rules/key.js';
import { quorumFor } from '../../actors/rules/quorum.js';
import { coordinatorToAsk, readersToAsk } from '../../actors/rules/routing.js';
import type { Spread } from '../../actors/rules/spread.js';
import { namedBucket } from '../wire/part-names.js';
import {
  layoutOf,
  placementGroupsOf,
  spreadIn,
  type RingMessage,
  isResolvedByService,
} from '../wire/ring-message.js';
import { byteStringOf } from '../wire/text.js';
import type { NodeStates } from './node-states.js';
import type { Request, Terms } from './request.js';

export interface LaneBounds {
  readonly rowsMax: number;
  readonly framesMax: number;
}

/**
 * Where requests of one coordinator, one set of readers and equal terms wait for the end of the
 * turn.
 */
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
  /**
   * Its gets are own reads: the node is asked for values, these for digests. Undefined: the node
   * coordinates.
   */
  confirmers: readonly NodeId[] | undefined;

  constructor(
    readonly node: NodeId,
    readonly terms: Terms,
    bounds: LaneBounds,
    /** Of which side of a move its keys are read. */
    readonly side: SideRead | undefined,
  ) {
    this.rowsMax = bounds.rowsMax;
    this.window = bounds.framesMax;
  }

  get idle(): boolean {
    return this.queue.length === 0 && this.framesInFlight === 0;
  }
}

/** A coordinator with one set of readers: requests that mostly can share a round. */
export class Target {
  readonly lanes = new Map<number, Lane>();

  constructor(
    readonly node: NodeId,
    private readonly side: SideRead | undefined,
  ) {}

  lane(terms: Terms, bounds: LaneBounds, confirmers?: readonly NodeId[]): Lane {
    const id = 2 * terms.id + (confirmers === undefined ? 0 : 1);
    let lane = this.lanes.get(id);
    if (lane === undefined) {
      lane = new Lane(this.node, terms, bounds, this.side);
      this.lanes.set(id, lane);
    }
    lane.confirmers = confirmers;
    return lane;
  }
}

/** Those of one set that answer; each may coordinate a get of any key the set holds. */
export class Readers {
  /** So that each takes its turn. */
  private first = 0;
  /** R → target → who confirms what it shows: the R - 1 after it. */
  private readonly confirmers: (readonly NodeId[])[][] = [];

  constructor(private readonly targets: readonly Target[]) {}

  /** Whether R of them answer. */
  reach(r: number): boolean {
    return r <= this.targets.length;
  }

  /**
   * `ownOf`: R when the client coordinates, undefined when the node does.
   * Where a get joins: few large frames cost less than many small ones, so what may leave this turn
   * gathers in one lane until it is worth another; and when all have a frame under way, behind the
   * one that left first.
   */
  lane(terms: Terms, bounds: LaneBounds, ownOf: number | undefined): Lane {
    const { targets, first } = this;
    const confirmers = ownOf === undefined ? undefined : this.confirmersOf(ownOf);
    let best: Lane | undefined;
    for (let i = 0; i < targets.length; i++) {
      const at = (first + i) % targets.length;
      const lane = targets[at]!.lane(terms, bounds, confirmers?.[at]);
      if (
        terms.large !== true &&
        lane.framesInFlight === 0 &&
        lane.queue.length > 0 &&
        lane.queue.length < clientLimits.getsBesideMin &&
        lane.refusals === 0
      )
        return lane;
      if (best === undefined || isBetter(lane, best)) best = lane;
    }
    if (best!.queue.length === 0) this.first = (first + 1) % targets.length;
    return best!;
  }

  private confirmersOf(r: number): readonly (readonly NodeId[])[] {
    return (this.confirmers[r] ??= this.targets.map((_, at) =>
      [...this.targets.slice(at + 1), ...this.targets.slice(0, at)]
        .slice(0, r - 1)
        .map((target) => target.node),
    ));
  }
}

function isBetter(lane: Lane, than: Lane): boolean {
  if (lane.refusals !== than.refusals) return lane.refusals < than.refusals;
  if (lane.terms.large === true)
    return lane.framesInFlight + lane.queue.length < than.framesInFlight + than.queue.length;
  const busy = lane.framesInFlight > 0;
  if (busy !== than.framesInFlight > 0) return !busy;
  return busy ? lane.sentAtMs < than.sentAtMs : lane.queue.length < than.queue.length;
}

interface Quorums {
  readonly n: Spread;
  readonly r: number;
}

interface Route {
  /** Null: nobody answers. */
  readonly coordinator: Target | null;
  readonly readers: Readers | undefined;
}

/** The same nodes may be all there are for one partition, and one side of a move for another. */
interface ReaderSet {
  readonly nodes: readonly NodeId[];
  readonly side: SideRead | undefined;
}

function nameOf({ nodes, side }: ReaderSet): string {
  return side === undefined ? nodes.join(' ') : `${nodes.join(' ')} ${side}`;
}

/** A ring, with what follows from it. */
interface Known {
  readonly ring: RingMessage;
  readonly layout: Layout;
  /** Partition → placement group: those of one have one route. */
  readonly groupOf: readonly number[];
}

export class RouteTable {
  private readonly targets = new Map<string, Target>();
  private known: Known | undefined;
  /** Of buckets that name none of their own. */
  private defaults: Quorums = { n: 0, r: 0 };
  private buckets = new Map<ByteString, Quorums>();
  /** N → placement group → route. Emptied when the ring or anyone's state changes. */
  private readonly byN = new Map<number, Route[]>();
  /** By set of readers. */
  private readonly readers = new Map<string, Readers>();

  constructor(private readonly states: NodeStates) {}

  /** Of the ring it routes by. */
  get configuration(): SaidConfiguration {
    return this.known?.ring.epoch ?? unsaid;
  }

  /** 0 while no ring is known. */
  get partitions(): number {
    return this.known?.groupOf.length ?? 0;
  }

  get nodes(): readonly NodeId[] {
    return this.known?.ring.nodes.map((node) => node.id) ?? [];
  }

  /** As the ring says; false while none is known. */
  isResolvedByService(bucket: string): boolean {
    return this.known !== undefined && isResolvedByService(this.known.ring, bucket);
  }

  /** Whether a node told a layout that this client knows to be over. */
  isOlder({ cluster, epoch }: RingMessage): boolean {
    const ring = this.known?.ring;
    return cluster !== undefined && cluster === ring?.cluster && epoch < ring.epoch;
  }

  set(ring: RingMessage): void {
    // While partitions move, sets of readers come and go with each ring.
    if (ring.epoch !== this.configuration || ring.move !== undefined) this.dropIdleTargets();
    this.known = { ring, layout: layoutOf(ring), groupOf: placementGroupsOf(ring) };
    this.defaults = { n: spreadIn(ring), r: ring.r };
    this.buckets = new Map(
      ring.buckets.map(([bucket, , r]) => [byteStringOf(bucket), { n: spreadIn(ring, bucket), r }]),
    );
    this.invalidate();
  }

  /** Someone came or went. */
  invalidate(): void {
    this.byN.clear();
    this.readers.clear();
  }

  /** Where the request waits for the end of the turn. Undefined: no ring yet, or nobody answers. */
  laneOf(request: Request, bounds: LaneBounds): Lane | undefined {
    const { known } = this;
    if (known === undefined) return undefined;
    const { terms } = request;
    const { n, r } = this.buckets.get(namedBucket(terms.bucket)) ?? this.defaults;
    const { coordinator, readers } = this.routeOf(known, request.partition, n);
    const quorum = terms.quorum === 0 ? r : quorumFor(terms.quorum, r, terms.strict);
    // R=1 asks nobody else: the first reader is the one that knows of W=1 puts. But of parts of big
    // values, which never change, all readers are asked in turn.
    const mayBeAny = quorum > 1 || terms.large === true;
    if (terms.kind === 'get' && mayBeAny && readers !== undefined) {
      const isOwn = !request.needsCoordinator && readers.reach(quorum);
      return readers.lane(terms, bounds, isOwn ? quorum : undefined);
    }
    return coordinator?.lane(terms, bounds);
  }

  private routeOf({ layout, groupOf }: Known, partition: number, n: number): Route {
    let row = this.byN.get(n);
    if (row === undefined) {
      row = [];
      this.byN.set(n, row);
    }
    const group = groupOf[partition]!;
    let route = row[group];
    if (route === undefined) {
      route = this.choose(layout, partition, n);
      row[group] = route;
    }
    return route;
  }

  lanes(): Lane[] {
    return [...this.targets.values()].flatMap(({ lanes }) => Array.from(lanes.values()));
  }

  /**
   * Not within a turn that still speaks of one: a queue that nothing waits in may be about to be
   * filled.
   */
  dropIdleLanes(): void {
    if (this.lanes().length <= clientLimits.lanesIdleMax) return;
    for (const { lanes } of this.targets.values())
      for (const [id, lane] of lanes) if (lane.idle) lanes.delete(id);
  }

  private choose(layout: Layout, partition: number, n: number): Route {
    const placement = placementOf(layout, partition, n);
    const node = coordinatorToAsk(placement, this.states);
    if (node === undefined) return { coordinator: null, readers: undefined };
    const set = { nodes: [...placement.readers].sort(), side: placement.sideRead };
    const answering = [...readersToAsk(placement, this.states)].sort();
    const readers = answering.length > 1 ? this.readersOf(set, answering) : undefined;
    return { coordinator: this.target(node, set), readers };
  }

  private target(node: NodeId, set: ReaderSet): Target {
    const name = `${node} ${nameOf(set)}`;
    let target = this.targets.get(name);
    if (target === undefined) {
      target = new Target(node, set.side);
      this.targets.set(name, target);
    }
    return target;
  }

  private readersOf(set: ReaderSet, answering: readonly NodeId[]): Readers {
    const name = nameOf(set);
    let readers = this.readers.get(name);
    if (readers === undefined) {
      readers = new Readers(answering.map((node) => this.target(node, set)));
      this.readers.set(name, readers);
    }
    return readers;
  }

  private dropIdleTargets(): void {
    for (const [name, target] of this.targets) {
      if ([...target.lanes.values()].every((lane) => lane.idle)) this.targets.delete(name);
    }
  }
}

/** What the ring shows: who answers for which arc, what moves, and whose arcs change hands. */
import { clusterViewLimits } from '../../../../../actors/rules/limits/cluster-view.js';
import {
  hasMoved,
  isMoving,
  placementOf,
  type Placement,
} from '../../../../../actors/rules/placement.js';
import { moveProgressOf, type MoveProgress } from '../../../../wire/move-progress.js';
import { layoutOf } from '../../../../wire/ring-message.js';
import { ringSharesOf, type RingShare } from '../../../../wire/ring-shares.js';
import type { RingPicture } from '../../../wire.js';

/** Partitions side by side that are shown alike. */
export interface Arc<What> {
  readonly first: number;
  readonly last: number;
  readonly what: What;
}

export type Course = 'stays' | 'moves' | 'moved';

export interface RingDrawing {
  readonly partitions: number;
  readonly n: number;
  readonly layout: number;
  /** From the first reader of a partition to the last: who it is. */
  readonly bands: readonly (readonly Arc<string>[])[];
  /** Only of those that move, or have. */
  readonly moving: readonly Arc<Exclude<Course, 'stays'>>[];
  readonly shares: ReadonlyMap<string, Readonly<RingShare>>;
  readonly progress: MoveProgress | undefined;
  readonly handovers: readonly Handover[];
}

/** Partitions that one node owns no more and another does instead. */
export interface Handover {
  readonly from: string;
  readonly to: string;
  readonly done: number;
  readonly total: number;
}

export function ringDrawing(ring: RingPicture): RingDrawing {
  const layout = layoutOf(ring);
  const partitions = ring.groupOf.length;
  const step = Math.ceil(partitions / clusterViewLimits.arcsMax);
  const bands = Array.from({ length: ring.n }, () => new Arcs<string>());
  const moving = new Arcs<Course>();
  for (let first = 0; first < partitions; first += step) {
    const last = Math.min(first + step, partitions) - 1;
    const placement = placementOf(layout, first, ring.n);
    for (const [place, band] of bands.entries()) {
      const reader = placement.readers[place];
      if (reader !== undefined) band.add(first, last, reader);
    }
    moving.add(first, last, courseOf(placement));
  }
  return {
    partitions,
    n: ring.n,
    layout: ring.epoch,
    bands: bands.map(({ arcs }) => arcs).filter((arcs) => arcs.length > 0),
    moving: moving.arcs.filter(isUnderWay),
    shares: ringSharesOf(ring),
    progress: moveProgressOf(ring),
    handovers: handoversOf(ring),
  };
}

function isUnderWay(arc: Arc<Course>): arc is Arc<Exclude<Course, 'stays'>> {
  return arc.what !== 'stays';
}

export interface PartitionFacts {
  readonly partition: number;
  readonly course: Course;
  readonly primaries: readonly string[];
  /** Who is to own it; nobody while it doesn't move. */
  readonly incoming: readonly string[];
  readonly readers: readonly string[];
  readonly fallbacks: readonly string[];
}

export function partitionFacts(ring: RingPicture, partition: number): PartitionFacts {
  const placement = placementOf(layoutOf(ring), partition, ring.n);
  const { primaries, incoming, readers, fallbacks } = placement;
  return { partition, course: courseOf(placement), primaries, incoming, readers, fallbacks };
}

/** What a screen reader says of it, and the line below the ring. */
export function partitionText(facts: PartitionFacts, nameOf: (id: string) => string): string {
  const names = (ids: readonly string[]): string => ids.map(nameOf).join(', ');
  const { partition, course, primaries, incoming } = facts;
  const moves = { stays: '', moves: `, moves to ${names(incoming)}`, moved: '' }[course];
  const owners = course === 'moved' ? `${names(incoming)}, has moved` : names(primaries);
  return `partition ${partition}: ${owners === '' ? 'nobody' : owners}${moves}`;
}

function courseOf(placement: Placement): Course {
  if (!isMoving(placement)) return 'stays';
  return hasMoved(placement) ? 'moved' : 'moves';
}

/** Those that go and those that come are told in pairs, in the order of the partition's lists. */
function handoversOf(ring: RingPicture): Handover[] {
  const layout = layoutOf(ring);
  const found = new Map<string, { from: string; to: string; done: number; total: number }>();
  if (layout.next === undefined) return [];
  for (let partition = 0; partition < ring.groupOf.length; partition++) {
    const placement = placementOf(layout, partition, ring.n);
    const { primaries, incoming } = placement;
    if (!isMoving(placement)) continue;
    const going = primaries.filter((node) => !incoming.includes(node));
    const coming = incoming.filter((node) => !primaries.includes(node));
    for (const [place, to] of coming.entries()) {
      const from = going[place];
      if (from === undefined) continue;
      const handover = found.get(`${from} ${to}`) ?? { from, to, done: 0, total: 0 };
      found.set(`${from} ${to}`, handover);
      handover.total++;
      if (hasMoved(placement)) handover.done++;
    }
  }
  return [...found.values()];
}

class Arcs<What> {
  readonly arcs: Arc<What>[] = [];

  add(first: number, last: number, what: What): void {
    const before = this.arcs.at(-1);
    const goesOn = before?.what === what && before.last === first - 1;
    if (goesOn) this.arcs[this.arcs.length - 1] = { ...before, last };
    else this.arcs.push({ first, last, what });
  }
}

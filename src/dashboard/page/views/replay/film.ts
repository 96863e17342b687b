/**
 * A trace file as something to look through: what the nodes were at any moment, what was on its way
 * then, where to jump to. Made once, asked at every frame: everything is found by its time.
 */
import type { ChartNote, EventNote, FaultNote, Note, ViolatedNote } from '../../../wire.js';
import { IntervalIndex, type Interval, type Window } from '../../parts/interval-index.js';
import { journeysOf, type Journey } from '../../parts/journeys.js';
import { firstWhere } from '../../parts/sorted.js';
import { stateText } from '../../parts/note-text.js';

/** What one jumps to. */
export type Mark = EventNote | FaultNote | ViolatedNote;

export interface Film {
  readonly notes: readonly Note[];
  readonly fromUs: number;
  readonly toUs: number;
  readonly journeys: readonly Journey[];
  readonly marks: readonly Mark[];
  readonly violated: readonly ViolatedNote[];
  /** Who sends, receives or does anything: nodes and clients. */
  readonly actors: readonly string[];
  /** Of those, who has a part in what was asked for. */
  readonly asking: ReadonlySet<string>;
  /** Notes in each of the equal parts of the time, the most of them being 1. */
  readonly density: readonly number[];
  readonly index: IntervalIndex;
  readonly lives: ReadonlyMap<string, readonly Life[]>;
  /** In the order in which they began. */
  readonly instances: readonly ChartInstance[];
  readonly instanceIndex: IntervalIndex;
  /** In the order in which they began. */
  readonly faults: readonly Trouble[];
  readonly faultIndex: IntervalIndex;
}

/** From a moment on a node is so, in a word. */
export interface Life {
  readonly atUs: number;
  readonly isUp: boolean;
  /** The state of its own chart. */
  readonly state: string;
}

/** What became of one chart of a node, in one of its lives. */
export interface ChartInstance {
  readonly node: string;
  readonly notes: readonly ChartNote[];
  /** When its node ended; infinite where nobody noted that. */
  readonly untilUs: number;
}

/** A fault that lasts. */
export interface Trouble {
  readonly fromUs: number;
  readonly toUs: number;
  readonly text: string;
}

const densityParts = 400;
/** How long a message that nobody received is drawn. */
const lostUs = 2_000;
/** The chart of a node itself. */
const nodeChart = 'node';

export function filmOf(notes: readonly Note[]): Film {
  const fromUs = notes[0]?.atUs ?? 0;
  const toUs = Math.max(fromUs + 1, notes.at(-1)?.atUs ?? 0);
  const journeys = journeysOf(notes);
  const instances = instancesIn(notes);
  const faults = troublesIn(notes, toUs);
  return {
    notes,
    fromUs,
    toUs,
    journeys,
    marks: notes.filter(isMark),
    violated: notes.filter((note) => note.kind === 'violated'),
    actors: actorsIn(notes),
    asking: new Set(notes.filter(({ kind }) => kind === 'step').map(({ node }) => node)),
    density: densityOf(notes, { fromUs, toUs }),
    index: new IntervalIndex(
      journeys.map((journey) => ({ fromUs: journey.sentUs, toUs: endOf(journey) })),
    ),
    lives: livesIn(notes),
    instances,
    instanceIndex: new IntervalIndex(instances.map(lifeTime)),
    faults,
    faultIndex: new IntervalIndex(faults),
  };
}

function isMark(note: Note): note is Mark {
  return note.kind === 'event' || note.kind === 'fault' || note.kind === 'violated';
}

/** When it is over: as received, or soon where nobody received it. */
export function endOf({ sentUs, arrivedUs }: Journey): number {
  return arrivedUs ?? sentUs + lostUs;
}

/** What is under way between two moments, the last ones of it. */
export function journeysBetween({ journeys, index }: Film, window: Window): Journey[] {
  return index.within(window).map((number) => journeys[number]!);
}

/** The number of notes up to a moment. */
export function noteCountAt({ notes }: Film, atUs: number): number {
  return firstWhere(notes, (note) => note.atUs > atUs);
}

export function lifeAt({ lives }: Film, node: string, atUs: number): Life | undefined {
  const own = lives.get(node) ?? [];
  return own[firstWhere(own, (life) => life.atUs > atUs) - 1];
}

/** A chart at a moment: what was noted of it last, and before that. */
export interface ChartAt {
  readonly note: ChartNote;
  readonly before: ChartNote | undefined;
}

/** Where each chart of a node is, those that have ended and those to come left out. */
export function chartsOf(
  { instances, instanceIndex }: Film,
  node: string,
  atUs: number,
): ChartAt[] {
  const all = { from: atUs, to: atUs, most: Number.POSITIVE_INFINITY };
  return instanceIndex.within(all).flatMap((number): ChartAt[] => {
    const { node: owner, notes } = instances[number]!;
    const last = firstWhere(notes, (later) => later.atUs > atUs) - 1;
    const note = notes[last];
    if (owner !== node || note === undefined || note.isFinal === true) return [];
    return [{ note, before: notes[last - 1] }];
  });
}

/** The last ones: no more are drawn. */
const faultsAtOnce = 100;

export function faultsAt({ faults, faultIndex }: Film, atUs: number): Trouble[] {
  const now = { from: atUs, to: atUs, most: faultsAtOnce };
  return faultIndex.within(now).map((number) => faults[number]!);
}

/** The mark before a moment, or after it; of those that `wanted` takes. */
export function markFrom(
  { marks }: Film,
  { atUs, way, wanted }: { atUs: number; way: 'back' | 'forth'; wanted: (mark: Mark) => boolean },
): Mark | undefined {
  return way === 'forth'
    ? marks.find((mark) => mark.atUs > atUs && wanted(mark))
    : marks.findLast((mark) => mark.atUs < atUs && wanted(mark));
}

interface Extent {
  readonly fromUs: number;
  readonly toUs: number;
}

function densityOf(notes: readonly Note[], { fromUs, toUs }: Extent): number[] {
  const counts = Array.from({ length: densityParts }, () => 0);
  for (const { atUs } of notes) {
    const part = Math.floor(((atUs - fromUs) / (toUs - fromUs)) * densityParts);
    counts[Math.min(part, densityParts - 1)]!++;
  }
  const most = Math.max(1, ...counts);
  return counts.map((count) => count / most);
}

function actorsIn(notes: readonly Note[]): string[] {
  const actors = new Set<string>();
  for (const note of notes) if (note.node !== '') actors.add(note.node);
  return [...actors].sort();
}

function livesIn(notes: readonly Note[]): ReadonlyMap<string, readonly Life[]> {
  const lives = new Map<string, Life[]>();
  const add = (node: string, atUs: number, change: Partial<Life>): void => {
    const own = lives.get(node) ?? [];
    lives.set(node, own);
    const before = own.at(-1) ?? { isUp: true, state: '' };
    own.push({ ...before, ...change, atUs });
  };
  for (const note of notes) {
    const { node, atUs } = note;
    if (note.kind === 'event' && note.what === 'start') add(node, atUs, { isUp: true, state: '' });
    else if (note.kind === 'event' && note.what === 'stop')
      add(node, atUs, { isUp: false, state: 'down' });
    else if (note.kind === 'chart' && note.chart === nodeChart)
      add(node, atUs, { state: stateText(note.state) });
  }
  return lives;
}

/** A node that ends ends its charts, whatever they had come to; the next life has its own. */
function instancesIn(notes: readonly Note[]): ChartInstance[] {
  const instances: Running[] = [];
  const running = new Map<string, Map<string, Running>>();
  for (const note of notes) {
    const { node, atUs } = note;
    if (note.kind === 'event' && (note.what === 'start' || note.what === 'stop')) {
      for (const one of running.get(node)?.values() ?? []) one.untilUs = atUs;
      running.delete(node);
    }
    if (note.kind !== 'chart') continue;
    const own = running.get(node) ?? new Map<string, Running>();
    running.set(node, own);
    const name = `${note.chart} ${note.instance}`;
    const known = own.get(name);
    if (known === undefined) {
      const begun = { node, notes: [note], untilUs: Number.POSITIVE_INFINITY };
      own.set(name, begun);
      instances.push(begun);
    } else known.notes.push(note);
  }
  return instances;
}

interface Running extends ChartInstance {
  readonly notes: ChartNote[];
  untilUs: number;
}

/** Without an end it lives on. */
function lifeTime({ notes, untilUs }: ChartInstance): Interval {
  const last = notes.at(-1);
  const toUs = last?.isFinal === true ? last.atUs : untilUs - 1;
  return { fromUs: notes[0]?.atUs ?? 0, toUs };
}

const over = /^over: /;
const lasting = / for=(\S+)/;

/** The simulator says when one is over; one that says no `for=` is a moment. */
function troublesIn(notes: readonly Note[], toUs: number): Trouble[] {
  const troubles: Trouble[] = [];
  const open = new Map<string, number>();
  for (const note of notes) {
    if (note.kind !== 'fault') continue;
    const text = note.text.replace(over, '');
    const began = open.get(text);
    if (text !== note.text) {
      if (began !== undefined) troubles[began] = { ...troubles[began]!, toUs: note.atUs };
      open.delete(text);
      continue;
    }
    const isLasting = lasting.test(text);
    if (isLasting) open.set(text, troubles.length);
    troubles.push({ fromUs: note.atUs, toUs: isLasting ? toUs : note.atUs, text });
  }
  return troubles;
}

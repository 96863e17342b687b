/**
 * A trace file as something to look through: what the nodes were at any moment, what was on its way
 * then, where to jump to. Made once, asked at every frame: everything is found by its time.
 */
import type { ChartNote, EventNote, FaultNote, Note, ViolatedNote } from '../../../wire.js';
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
  /** Who sends, receives or does anything: nodes and clients. */
  readonly actors: readonly string[];
  /** Of those, who has a part in what was asked for. */
  readonly asking: ReadonlySet<string>;
  /** Notes in each of the equal parts of the time, the most of them being 1. */
  readonly density: readonly number[];
  /** By their beginnings: what is long is not looked for from the first journey on. */
  readonly index: JourneyIndex;
  readonly lives: ReadonlyMap<string, readonly Life[]>;
  /** By the id of the node and the name of the instance. */
  readonly charts: ReadonlyMap<string, ReadonlyMap<string, readonly ChartNote[]>>;
  readonly faults: readonly Trouble[];
}

/** From a moment on a node is so, in a word. */
export interface Life {
  readonly atUs: number;
  readonly isUp: boolean;
  /** The state of its own chart. */
  readonly state: string;
}

/** A fault that lasts. */
export interface Trouble {
  readonly fromUs: number;
  readonly toUs: number;
  readonly text: string;
}

interface JourneyIndex {
  readonly slotUs: number;
  /** Of each part of the time, the journeys that are under way in it, by their numbers. */
  readonly slots: readonly (readonly number[])[];
}

const densityParts = 400;
const slotsOfFilm = 2_048;
/** How long a message that nobody received is drawn. */
const lostUs = 2_000;
/** The chart of a node itself. */
const nodeChart = 'node';

export function filmOf(notes: readonly Note[]): Film {
  const fromUs = notes[0]?.atUs ?? 0;
  const toUs = Math.max(fromUs + 1, notes.at(-1)?.atUs ?? 0);
  const journeys = journeysOf(notes);
  return {
    notes,
    fromUs,
    toUs,
    journeys,
    marks: notes.filter(isMark),
    actors: actorsIn(notes),
    asking: new Set(notes.filter(({ kind }) => kind === 'step').map(({ node }) => node)),
    density: densityOf(notes, { fromUs, toUs }),
    index: indexOf(journeys, { fromUs, toUs }),
    lives: livesIn(notes),
    charts: chartsIn(notes),
    faults: troublesIn(notes, toUs),
  };
}

function isMark(note: Note): note is Mark {
  return note.kind === 'event' || note.kind === 'fault' || note.kind === 'violated';
}

/** When it is over: as received, or soon where nobody received it. */
export function endOf({ sentUs, arrivedUs }: Journey): number {
  return arrivedUs ?? sentUs + lostUs;
}

/** What is under way between two moments, at most so many. */
export function journeysBetween(
  { journeys, index, fromUs }: Film,
  { from, to, most }: { readonly from: number; readonly to: number; readonly most: number },
): Journey[] {
  const found = new Set<number>();
  const first = Math.max(0, Math.floor((from - fromUs) / index.slotUs));
  const last = Math.min(index.slots.length - 1, Math.floor((to - fromUs) / index.slotUs));
  for (let slot = last; slot >= first && found.size < most; slot--)
    for (const number of index.slots[slot]!.toReversed()) {
      const journey = journeys[number]!;
      if (journey.sentUs > to || endOf(journey) < from) continue;
      found.add(number);
      if (found.size >= most) break;
    }
  return [...found].sort((a, b) => a - b).map((number) => journeys[number]!);
}

/** The number of notes up to a moment. */
export function noteCountAt({ notes }: Film, atUs: number): number {
  return firstWhere(notes, (note) => note.atUs > atUs);
}

export function lifeAt({ lives }: Film, node: string, atUs: number): Life | undefined {
  const own = lives.get(node) ?? [];
  return own[firstWhere(own, (life) => life.atUs > atUs) - 1];
}

/** Where each chart of a node is, those that have ended and those to come left out. */
export function chartsOf({ charts }: Film, node: string, atUs: number): ChartNote[] {
  const shown: ChartNote[] = [];
  for (const notes of charts.get(node)?.values() ?? []) {
    const note = notes[firstWhere(notes, (later) => later.atUs > atUs) - 1];
    if (note !== undefined && note.isFinal !== true) shown.push(note);
  }
  return shown;
}

export function faultsAt({ faults }: Film, atUs: number): Trouble[] {
  return faults.filter(({ fromUs, toUs }) => fromUs <= atUs && atUs <= toUs);
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

function indexOf(journeys: readonly Journey[], { fromUs, toUs }: Extent): JourneyIndex {
  const slotUs = Math.max(1, (toUs - fromUs) / slotsOfFilm);
  const slots = Array.from({ length: slotsOfFilm + 1 }, (): number[] => []);
  const slotOf = (atUs: number): number =>
    Math.min(slotsOfFilm, Math.max(0, Math.floor((atUs - fromUs) / slotUs)));
  for (const [number, journey] of journeys.entries())
    for (let slot = slotOf(journey.sentUs); slot <= slotOf(endOf(journey)); slot++)
      slots[slot]!.push(number);
  return { slotUs, slots };
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

function chartsIn(notes: readonly Note[]): Film['charts'] {
  const charts = new Map<string, Map<string, ChartNote[]>>();
  for (const note of notes) {
    if (note.kind !== 'chart') continue;
    const own = charts.get(note.node) ?? new Map<string, ChartNote[]>();
    charts.set(note.node, own);
    const name = `${note.chart} ${note.instance}`;
    const known = own.get(name);
    if (known === undefined) own.set(name, [note]);
    else known.push(note);
  }
  return charts;
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

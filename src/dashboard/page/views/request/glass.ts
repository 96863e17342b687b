/**
 * A request under the glass: of the notes of one trace, who took part in which role, what happened
 * in which order, and how long each waited for what.
 */
import { isNodeId } from '../../../../../actors/rules/actor.js';
import type { ChartNote, DiskNote, Note, PlainValue, StepNote } from '../../../wire.js';
import { journeysOf, type Journey } from '../../parts/journeys.js';
import type { NameOf } from '../../parts/names.js';
import { noteText, stateText } from '../../parts/note-text.js';
import { timeAxisOf, type TimeAxis } from '../../parts/time-axis.js';
import { requestJourneys } from './request-journeys.js';

export type Role = 'client' | 'network' | 'forwarder' | 'coordinator' | 'primary' | 'fallback';

/** One who takes part, or its disk. */
export interface Lane {
  /** The id of who it is; of a disk with `#disk` behind it. */
  readonly id: string;
  readonly title: string;
  readonly role: Role | 'disk';
}

/** What is drawn from one moment to another. */
export interface Span {
  readonly lane: string;
  readonly fromUs: number;
  /** Undefined: it never came to its end. */
  readonly toUs: number | undefined;
  readonly kind: 'request' | 'waiting' | 'disk' | 'message';
  readonly text: string;
}

/** One thing that happened: what is stepped through. */
export interface Moment {
  readonly atUs: number;
  readonly lane: string;
  readonly note: Note;
  readonly text: string;
}

export interface Glass {
  readonly lanes: readonly Lane[];
  readonly moments: readonly Moment[];
  readonly spans: readonly Span[];
  readonly journeys: readonly Journey[];
  /** Of the round, or whatever else decided about it: by instance, in the order of their times. */
  readonly charts: ReadonlyMap<string, readonly ChartNote[]>;
  readonly coordinator: string;
  /** What was asked, as `put of greetings/hello`. */
  readonly asked: string;
  /** What the author was told; '' while it is not. */
  readonly told: string;
  readonly fromUs: number;
  readonly toldUs: number | undefined;
  readonly toUs: number;
  readonly axis: TimeAxis;
}

/** Who asks, where no note says who it was. */
export const clientLane = 'client';
export const networkLane = '#network';

export function diskLane(node: string): string {
  return `${node}#disk`;
}

/** `notes`: of one trace; undefined when there are none. */
export function glassOf(notes: readonly Note[], nameOf: NameOf): Glass | undefined {
  const inOrder = notes.toSorted((a, b) => a.atUs - b.atUs);
  const [first] = inOrder;
  const last = inOrder.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const steps = inOrder.filter((note) => note.kind === 'step');
  const coordinator = coordinatorOf(steps) || askedBy(inOrder);
  const lanes = lanesOf(inOrder, { coordinator, steps, nameOf });
  const client = lanes.find(({ role }) => role === 'client')?.id ?? clientLane;
  const journeys = requestJourneys(journeysOf(inOrder), steps, client);
  const told = toldIn(steps, coordinator);
  const fromUs = inOrder.reduce((least, note) => Math.min(least, beganUs(note)), first.atUs);
  const toUs = last.atUs;
  return {
    lanes,
    moments: inOrder.map((note) => ({
      atUs: note.atUs,
      lane: laneOf(note),
      note,
      text: noteText(note, nameOf, coordinator),
    })),
    spans: [
      requestSpan(client, { fromUs, toldUs: told?.atUs }),
      ...waitingSpans(steps, coordinator, nameOf),
      ...inOrder.filter((note) => note.kind === 'disk').map(diskSpan),
      ...journeys
        .filter(({ isUnawaited }) => isUnawaited !== true)
        .map((journey) => messageSpan(journey, nameOf)),
    ],
    journeys,
    charts: chartsIn(inOrder),
    coordinator,
    asked: askedIn(steps, nameOf),
    told: told?.text ?? '',
    fromUs,
    toldUs: told?.atUs,
    toUs,
    axis: axisOf(inOrder, { fromUs, burstUs: (told?.atUs ?? toUs) - fromUs }),
  };
}

/** The moment that was last, or is first; -1 before all. */
export function momentAt({ moments }: Glass, atUs: number): number {
  return moments.findLastIndex((moment) => moment.atUs <= atUs);
}

/** Where each chart was at a moment; those that have not begun by then are left out. */
export function chartsAt({ charts }: Glass, atUs: number): ChartNote[] {
  return [...charts.values()]
    .map((notes) => notes.findLast((note) => note.atUs <= atUs))
    .filter((note) => note !== undefined);
}

export function chartText(note: ChartNote): string {
  return `${note.chart}: ${stateText(note.state)}`;
}

/** Who plans rounds; else who is given it and does not pass it on. */
function coordinatorOf(steps: readonly StepNote[]): string {
  const has = (what: StepNote['what']): StepNote | undefined =>
    steps.find((step) => step.what === what);
  const passing = new Set(steps.filter(({ what }) => what === 'forwarded').map(({ node }) => node));
  const taking = steps.find(({ what, node }) => what === 'received' && !passing.has(node));
  return (has('planned') ?? has('minted') ?? taking ?? has('received'))?.node ?? '';
}

/** Where nobody noted more than messages: who was asked by a client. */
function askedBy(notes: readonly Note[]): string {
  const asked = notes.find(
    (note) => note.kind === 'message' && note.way === 'received' && isClient(note.peer, ''),
  );
  return asked?.node ?? '';
}

interface Cast {
  readonly coordinator: string;
  readonly steps: readonly StepNote[];
  readonly nameOf: NameOf;
}

function lanesOf(notes: readonly Note[], { coordinator, steps, nameOf }: Cast): Lane[] {
  const standIns = new Set(
    steps.filter(({ what }) => what === 'fallback').map(({ about }) => about),
  );
  const forwarders = new Set(
    steps.filter(({ what }) => what === 'forwarded').map(({ node }) => node),
  );
  const disks = new Set(notes.filter(({ kind }) => kind === 'disk').map(({ node }) => node));
  const author = steps.find(({ node, what }) => what === 'asked' && isClient(node, coordinator));
  const nodes = new Set<string>();
  if (coordinator !== '') nodes.add(coordinator);
  for (const note of notes)
    for (const id of endsOf(note))
      if (id !== '' && id !== author?.node && !isClient(id, coordinator)) nodes.add(id);
  const roleOf = (id: string): Role => {
    if (id === coordinator) return 'coordinator';
    if (forwarders.has(id)) return 'forwarder';
    return standIns.has(id) ? 'fallback' : 'primary';
  };
  const client = author?.node ?? clientLane;
  return [
    { id: client, title: nameOf(client), role: 'client' },
    { id: networkLane, title: 'NATS', role: 'network' },
    ...[...nodes].flatMap((id): Lane[] => {
      const lane: Lane = { id, title: nameOf(id), role: roleOf(id) };
      return disks.has(id)
        ? [lane, { id: diskLane(id), title: `disk of ${nameOf(id)}`, role: 'disk' }]
        : [lane];
    }),
  ];
}

function isClient(id: string, coordinator: string): boolean {
  return id !== coordinator && id !== '' && !isNodeId(id);
}

function endsOf(note: Note): string[] {
  if (note.kind === 'message') return [note.node, note.peer === 'all' ? '' : note.peer];
  return note.kind === 'step' ? [note.node, note.about ?? ''] : [note.node];
}

function laneOf(note: Note): string {
  return note.kind === 'disk' ? diskLane(note.node) : note.node;
}

function beganUs(note: Note): number {
  return note.kind === 'disk' ? note.atUs - note.tookUs : note.atUs;
}

function toldIn(
  steps: readonly StepNote[],
  coordinator: string,
): { readonly atUs: number; readonly text: string } | undefined {
  const replies = steps.filter(({ what }) => what === 'replied');
  const reply = replies.find(({ node }) => node === coordinator) ?? replies[0];
  return reply && { atUs: reply.atUs, text: reply.text ?? 'done' };
}

function askedIn(steps: readonly StepNote[], nameOf: NameOf): string {
  const asked = steps.find(({ what }) => what === 'received');
  const author = steps.find(({ what, about }) => what === 'asked' && about === undefined);
  if (asked === undefined) return author?.text ?? 'a request';
  return noteText(asked, nameOf).replace(/^is given the /, '');
}

function requestSpan(
  lane: string,
  { fromUs, toldUs }: { readonly fromUs: number; readonly toldUs: number | undefined },
): Span {
  return { lane, fromUs, toUs: toldUs, kind: 'request', text: 'waits for its reply' };
}

const endings: ReadonlySet<string> = new Set([
  'acked',
  'answered',
  'refused',
  'outOfReach',
  'repaired',
]);

/** From each question of the coordinator to what came of it. */
function waitingSpans(steps: readonly StepNote[], coordinator: string, nameOf: NameOf): Span[] {
  const own = steps.filter(({ node }) => node === coordinator);
  return own.flatMap((step, index): Span[] => {
    const { what, about, atUs: fromUs } = step;
    if ((what !== 'asked' && what !== 'fallback') || about === undefined) return [];
    const end = own.slice(index).find((later) => later.about === about && endings.has(later.what));
    const text =
      end === undefined ? 'is asked and says nothing' : noteText(end, nameOf, coordinator);
    return [{ lane: about, fromUs, toUs: end?.atUs, kind: 'waiting', text }];
  });
}

function diskSpan(note: DiskNote): Span {
  const { node, atUs, tookUs } = note;
  return {
    lane: diskLane(node),
    fromUs: atUs - tookUs,
    toUs: atUs,
    kind: 'disk',
    text: noteText(note, String),
  };
}

function messageSpan(journey: Journey, nameOf: NameOf): Span {
  const { from, to, verb, isAnswer, sentUs: fromUs, arrivedUs: toUs } = journey;
  const text = `${isAnswer ? 'answer to ' : ''}${verb}, ${nameOf(from)} → ${nameOf(to)}`;
  return { lane: networkLane, fromUs, toUs, kind: 'message', text };
}

function chartsIn(notes: readonly Note[]): ReadonlyMap<string, readonly ChartNote[]> {
  const charts = new Map<string, ChartNote[]>();
  for (const note of notes) {
    if (note.kind !== 'chart') continue;
    const name = `${note.node} ${note.instance}`;
    const known = charts.get(name);
    if (known === undefined) charts.set(name, [note]);
    else known.push(note);
  }
  return charts;
}

function axisOf(
  notes: readonly Note[],
  { fromUs, burstUs }: { readonly fromUs: number; readonly burstUs: number },
): TimeAxis {
  const times = new Set([fromUs]);
  for (const note of notes) times.add(beganUs(note)).add(note.atUs);
  return timeAxisOf(
    [...times].sort((a, b) => a - b),
    burstUs,
  );
}

/** What is shown beside a step: all of it that is small. */
export function detailText(detail: PlainValue | undefined): string {
  return detail === undefined ? '' : JSON.stringify(detail, null, 1);
}

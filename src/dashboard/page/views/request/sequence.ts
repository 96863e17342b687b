/** A request as a sequence diagram: who says what to whom, one row after the other. */
import type { StepNote } from '../../../wire.js';
import type { Journey } from '../../parts/journeys.js';
import { durationText } from '../../parts/note-text.js';
import { clientLane, type Glass, type Lane, type Moment } from './glass.js';

export interface SequenceRow {
  readonly atUs: number;
  /** A lane. */
  readonly from: string;
  /** Undefined: it is about `from` alone. */
  readonly to: string | undefined;
  readonly text: string;
  readonly look: 'asks' | 'answers' | 'lost' | 'own' | 'decides';
}

/** Columns and rows with their places. */
export interface SequenceLayout {
  readonly width: number;
  readonly height: number;
  readonly columns: readonly { readonly lane: SequenceLane; readonly x: number }[];
  readonly rows: readonly PlacedRow[];
}

export interface PlacedRow extends SequenceRow {
  readonly y: number;
  readonly x: number;
  readonly toX: number | undefined;
}

export const sequenceSizes = { head: 44, row: 26, column: 150, left: 90, foot: 16 } as const;
/** About as wide as one is. */
const letter = 6.4;

/** Steps that an arrow says as well. */
const saidByArrows: ReadonlySet<StepNote['what']> = new Set(['asked', 'acked', 'answered']);
const decisions: ReadonlySet<StepNote['what']> = new Set(['planned', 'verdict', 'fallback']);

/** What a sequence is drawn of: a request, or some moments of a film. */
export interface Sequenced extends Pick<Glass, 'journeys' | 'moments' | 'asked'> {
  readonly lanes: readonly SequenceLane[];
}

export interface SequenceLane extends Omit<Lane, 'role'> {
  readonly role: Lane['role'] | 'node';
}

export function sequenceOf(glass: Sequenced): SequenceRow[] {
  const hasMessages = glass.journeys.length > 0;
  const rows = [
    ...glass.moments.flatMap((moment) => stepRows(moment, glass, hasMessages)),
    ...glass.journeys.map(journeyRow),
  ];
  return rows.sort((a, b) => a.atUs - b.atUs);
}

function journeyRow(journey: Journey): SequenceRow {
  const { from, to, verb, isAnswer, sentUs, isUnawaited } = journey;
  const what = isAnswer ? `answer to ${verb}` : verb;
  const isLost = journey.arrivedUs === undefined && isUnawaited !== true;
  const look = isLost ? 'lost' : isAnswer ? 'answers' : 'asks';
  const text = `${what}, ${fateOf(journey)}`;
  return { atUs: sentUs, from, to: to === '' ? undefined : to, text, look };
}

function fateOf({ sentUs, arrivedUs, isUnawaited }: Journey): string {
  if (arrivedUs !== undefined) return durationText(arrivedUs - sentUs);
  return isUnawaited === true ? 'nobody waits for it any more' : 'never seen to arrive';
}

function stepRows({ note, text }: Moment, glass: Sequenced, hasMessages: boolean): SequenceRow[] {
  const { atUs, node } = note;
  if (note.kind === 'disk') return [{ atUs, from: node, to: undefined, text, look: 'own' }];
  if (note.kind !== 'step') return [];
  const client = glass.lanes.find(({ role }) => role === 'client')?.id ?? clientLane;
  if (node === client) return [];
  if (note.what === 'received' && note.about === undefined)
    return [{ atUs, from: client, to: node, text: glass.asked, look: 'asks' }];
  const isAnswered = glass.journeys.some(
    ({ from, to, isAnswer }) => isAnswer && from === node && to === client,
  );
  if (note.what === 'replied' && !isAnswered)
    return [{ atUs, from: node, to: client, text: note.text ?? 'done', look: 'answers' }];
  const isArrow = saidByArrows.has(note.what) && note.about !== node;
  if (isArrow && hasMessages) return [];
  const to = isArrow ? note.about : undefined;
  const look = decisions.has(note.what) ? 'decides' : 'own';
  return [{ atUs, from: node, to, text, look: isArrow ? 'asks' : look }];
}

export function sequenceLayoutOf(glass: Sequenced): SequenceLayout {
  const { head, row, column, left, foot } = sequenceSizes;
  const lanes = glass.lanes.filter(({ role }) => role !== 'disk' && role !== 'network');
  const columns = lanes.map((lane, index) => ({ lane, x: left + column * (index + 0.5) }));
  const xs = new Map(columns.map(({ lane, x }) => [lane.id, x]));
  const rows: PlacedRow[] = [];
  for (const one of sequenceOf(glass)) {
    const x = xs.get(one.from);
    const toX = one.to === undefined ? undefined : xs.get(one.to);
    if (x !== undefined) rows.push({ ...one, x, toX, y: head + row * (rows.length + 0.7) });
  }
  const ends = rows.map(({ x, toX, text }) =>
    toX === undefined || toX === x ? x + 16 + letter * text.length : x,
  );
  return {
    width: Math.max(left + column * columns.length, ...ends),
    height: head + row * rows.length + foot,
    columns,
    rows,
  };
}

/** For a file of its own: colours stand in it, since no style sheet goes with it. */
export function sequenceSvg(layout: SequenceLayout, fromUs: number): string {
  const { width, height, columns, rows } = layout;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12">`,
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0,0L8,4L0,8Z" fill="#3a4452"/></marker></defs>',
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...columns.map(
      ({ lane, x }) =>
        `<line x1="${x}" y1="30" x2="${x}" y2="${height}" stroke="#c9cfd8"/>${label(x, 20, `${lane.title} · ${lane.role}`, 'middle', 'bold')}`,
    ),
    ...rows.flatMap((row) => rowSvg(row, fromUs)),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function rowSvg({ x, toX, y, text, look, atUs }: PlacedRow, fromUs: number): string[] {
  const time = label(8, y + 4, `+${durationText(atUs - fromUs)}`, 'start', 'normal', '#6a7482');
  if (toX === undefined || toX === x)
    return [
      time,
      `<circle cx="${x}" cy="${y}" r="4" fill="${look === 'decides' ? '#1f5fd0' : '#3a4452'}"/>`,
      label(x + 9, y + 4, text, 'start'),
    ];
  const dash = look === 'asks' ? '' : ' stroke-dasharray="5 3"';
  return [
    time,
    `<line x1="${x}" y1="${y}" x2="${toX}" y2="${y}" stroke="#3a4452"${dash} marker-end="url(#tip)"/>`,
    label((x + toX) / 2, y - 4, text, 'middle'),
  ];
}

function label(
  x: number,
  y: number,
  text: string,
  anchor: 'start' | 'middle',
  weight: 'normal' | 'bold' = 'normal',
  colour = '#1a2029',
): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" font-weight="${weight}" fill="${colour}">${escaped(text)}</text>`;
}

function escaped(text: string): string {
  return text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Messages on their way: what one noted as sent and another as received, put together. */
import { dashboardLimits } from '../../../../actors/rules/limits/dashboard.js';
import type { MessageNote, Note } from '../../wire.js';

export interface Journey {
  readonly from: string;
  /** '' where it went to whoever listened, and nobody said that it had it. */
  readonly to: string;
  readonly verb: string;
  readonly bytes: number;
  readonly isAnswer: boolean;
  readonly call: number | undefined;
  readonly sentUs: number;
  /** Undefined: nobody noted that it came. */
  readonly arrivedUs: number | undefined;
  /** An answer to who was done with it by then, and notes no more of it. */
  readonly isUnawaited?: true;
}

/** Sent and not received so far, by what both ends know of it. */
type Open = Map<string, MessageNote[]>;

/** Of notes in the order of their times; in the order in which they were sent. */
export function journeysOf(notes: readonly Note[]): Journey[] {
  const open: Open = new Map();
  const arrived = new Set<MessageNote>();
  const sent: MessageNote[] = [];
  const journeys: Journey[] = [];
  for (const note of notes) {
    if (note.kind !== 'message') continue;
    if (note.way === 'sent') {
      sent.push(note);
      wait(open, note);
      continue;
    }
    const start = takeStart(open, note);
    if (start !== undefined) arrived.add(start);
    journeys.push(journeyOf(note, start?.atUs ?? note.atUs, note.atUs));
  }
  for (const note of sent)
    if (!arrived.has(note)) journeys.push(journeyOf(note, note.atUs, undefined));
  return journeys.sort((a, b) => a.sentUs - b.sentUs);
}

function journeyOf(note: MessageNote, sentUs: number, arrivedUs: number | undefined): Journey {
  const { node, peer, verb, bytes, call, answers } = note;
  const [from, to] = note.way === 'sent' ? [node, peer] : [peer, node];
  return { from, to, verb, bytes, isAnswer: answers === true, call, sentUs, arrivedUs };
}

function wait(open: Open, note: MessageNote): void {
  const key = keyOf(note, note.node);
  const waiting = open.get(key);
  if (waiting === undefined) open.set(key, [note]);
  else {
    waiting.push(note);
    if (waiting.length > dashboardLimits.messagesOpenMax) waiting.shift();
  }
}

/**
 * The last one that can be it: where a number names the call it is the one; where none does, those
 * before it are more likely lost. What goes to all comes to several.
 */
function takeStart(open: Open, note: MessageNote): MessageNote | undefined {
  const waiting = open.get(keyOf(note, note.peer));
  if (waiting === undefined) return undefined;
  const index = waiting.findLastIndex(({ peer }) => peer === note.node || isAnybody(peer));
  const start = waiting[index];
  if (start !== undefined && !isAnybody(start.peer)) waiting.splice(index, 1);
  return start;
}

function isAnybody(peer: string): boolean {
  return peer === '' || peer === 'all';
}

function keyOf({ verb, call, answers }: MessageNote, from: string): string {
  return `${from} ${verb} ${call ?? ''} ${answers === true ? 'answers' : 'asks'}`;
}

/** What a note says, as a sentence without its subject: "asks n2 to merge". */
import { isNodeId } from '../../../../actors/rules/actor.js';
import type { EventNote, MessageNote, Note, PlainValue, StateValue, StepNote } from '../../wire.js';
import type { NameOf } from './names.js';
import { bytesText } from './quantity.js';

/** `coordinator`: who leads the round that a step is of; it hears the yes that others say. */
export function noteText(note: Note, nameOf: NameOf, coordinator = ''): string {
  switch (note.kind) {
    case 'step':
      return stepText(note, nameOf, coordinator);
    case 'message':
      return messageText(note, nameOf);
    case 'disk':
      return diskText(note.what, note.bytes, note.tookUs);
    case 'chart':
      return `${note.chart} is ${stateText(note.state)} after ${note.event}`;
    case 'event':
      return eventText(note, nameOf);
    case 'fault':
      return note.text;
    default:
      return `broken: ${note.rule}: ${note.text}`;
  }
}

const verdicts: Readonly<Record<string, string>> = {
  'quorum.met': 'the quorum is met',
  'quorum.equal': 'the quorum is met, and all hold the same',
  'quorum.differing': 'the quorum is met, and some hold something else',
  'quorum.outOfReach': 'the quorum is out of reach',
  'deadline.passed': 'the time is up',
};

function stepText(note: StepNote, nameOf: NameOf, coordinator: string): string {
  const { what, node, text = '', detail } = note;
  const about = note.about === undefined ? '' : nameOf(note.about);
  const isToldHere = node === coordinator;
  switch (what) {
    case 'received':
      return `is given the ${[text || 'request', nameText(detail)].filter(Boolean).join(' of ')}`;
    case 'forwarded':
      return `passes it on to ${about}`;
    case 'planned':
      return 'plans the round';
    case 'minted':
      return `makes the new state${dotText(detail)}`;
    case 'asked':
      return about === '' ? `asks: ${text}` : `asks ${about}${text === '' ? '' : `: ${text}`}`;
    case 'stored':
      return 'has it in memory and writes it to its log';
    case 'acked':
      if (note.about === node) return 'has it in its log: its own yes counts';
      return isToldHere ? `hears yes from ${about}` : `says yes to ${about}`;
    case 'answered':
      return isToldHere ? `hears what ${about} holds` : `tells ${about} what it holds`;
    case 'refused':
      return isToldHere ? `hears no from ${about}: ${text}` : `says no to ${about}: ${text}`;
    case 'outOfReach':
      return `can’t reach ${about}${text === '' ? '' : `: ${text}`}`;
    case 'fallback':
      return `asks ${about} to stand in for ${nameOf(owedTo(detail)) || 'another'}`;
    case 'hintOwed':
      return `owes ${about} a hint`;
    case 'verdict':
      return verdicts[text] ?? text;
    case 'replied':
      return `${isNodeId(node) ? 'says to the author' : 'is told'}: ${text}`;
    case 'repaired':
      return `${about} takes the merged state`;
    case 'handedOff':
      return `has brought its hint to ${about}`;
    default:
      return 'is done with it';
  }
}

function messageText({ way, peer, verb, answers, bytes }: MessageNote, nameOf: NameOf): string {
  const what = answers === true ? `answer to ${verb}` : verb;
  const whom = nameOf(peer) || 'whoever listens';
  return way === 'sent'
    ? `sends ${whom} ${what}, ${bytesText(bytes)}`
    : `receives ${what} of ${whom}, ${bytesText(bytes)}`;
}

function diskText(what: string, bytes: number, tookUs: number): string {
  const words: Readonly<Record<string, string>> = {
    append: 'has written',
    sync: 'has on disk',
    commit: 'has committed',
  };
  return `${words[what] ?? what} ${bytesText(bytes)} after ${durationText(tookUs)}`;
}

function eventText({ about, text }: EventNote, nameOf: NameOf): string {
  return about === undefined || text.includes(nameOf(about)) ? text : `${text} (${nameOf(about)})`;
}

export function stateText(state: StateValue | null | undefined): string {
  if (state === null || state === undefined) return '—';
  if (typeof state === 'string') return state;
  return Object.entries(state)
    .map(([region, inner]) => `${region}: ${stateText(inner)}`)
    .join(', ');
}

export function durationText(us: number): string {
  if (us < 1000) return `${Math.round(us)} µs`;
  if (us < 1e6) return `${(us / 1000).toFixed(us < 1e4 ? 2 : 1)} ms`;
  return `${(us / 1e6).toFixed(us < 1e7 ? 2 : 1)} s`;
}

function fieldOf(detail: PlainValue | undefined, field: string): PlainValue | undefined {
  if (typeof detail !== 'object' || detail === null || Array.isArray(detail)) return undefined;
  return (detail as Readonly<Record<string, PlainValue | undefined>>)[field];
}

function nameText(detail: PlainValue | undefined): string {
  const [bucket, key] = [fieldOf(detail, 'bucket'), fieldOf(detail, 'key')];
  return typeof bucket === 'string' && typeof key === 'string' ? `${bucket}/${key}` : '';
}

function dotText(detail: PlainValue | undefined): string {
  const dot = fieldOf(detail, 'dot');
  return typeof dot === 'string' ? `, dot ${dot}` : '';
}

function owedTo(detail: PlainValue | undefined): string {
  const owed = fieldOf(detail, 'owedTo');
  return typeof owed === 'string' ? owed : '';
}

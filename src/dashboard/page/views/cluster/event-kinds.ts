/** The kinds of events: what each is called, the sign it has beside its colour, how grave it is. */
import type { EventWhat } from '../../../wire.js';

export type EventKind = EventWhat | 'fault' | 'violated';

/** Of the tokens of the style sheet. */
export type Tone = 'good' | 'warn' | 'bad' | 'accent' | 'quiet';

export interface KindLook {
  readonly title: string;
  readonly sign: string;
  readonly tone: Tone;
}

/** The gravest first. */
export const kindLooks: Readonly<Record<EventKind, KindLook>> = {
  violated: { title: 'rule violated', sign: '‼', tone: 'bad' },
  fault: { title: 'fault', sign: 'ϟ', tone: 'bad' },
  down: { title: 'down', sign: '✕', tone: 'bad' },
  ill: { title: 'ill', sign: '!', tone: 'bad' },
  failed: { title: 'request failed', sign: '⊘', tone: 'bad' },
  stop: { title: 'stop', sign: '■', tone: 'warn' },
  suspect: { title: 'suspect', sign: '?', tone: 'warn' },
  slow: { title: 'slow request', sign: '◷', tone: 'warn' },
  hint: { title: 'hint', sign: '◆', tone: 'warn' },
  start: { title: 'start', sign: '▶', tone: 'good' },
  alive: { title: 'alive', sign: '●', tone: 'good' },
  well: { title: 'well', sign: '✓', tone: 'good' },
  handoff: { title: 'handoff', sign: '◇', tone: 'good' },
  configuration: { title: 'configuration', sign: '§', tone: 'accent' },
  move: { title: 'move', sign: '→', tone: 'accent' },
  exchange: { title: 'exchange', sign: '⇄', tone: 'quiet' },
  collection: { title: 'collection', sign: '▽', tone: 'quiet' },
};

export const eventKinds = Object.keys(kindLooks) as readonly EventKind[];

const gravity = new Map(eventKinds.map((kind, place) => [kind, place]));

export function graver(a: EventKind, b: EventKind): EventKind {
  return gravity.get(a)! <= gravity.get(b)! ? a : b;
}

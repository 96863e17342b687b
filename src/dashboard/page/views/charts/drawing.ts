/**
 * What is drawn of a chart, before anybody says where: boxes in boxes, arrows between them, and
 * their lines of text. It has all states and transitions of the definition, each of them once.
 */
import type { ChartAction, ChartNode, ChartNodeType, ChartTransition } from '../../../wire.js';

/** How a piece of text is set. */
export type SpanRole = 'trigger' | 'guard' | 'actions' | 'word';

export interface Span {
  readonly role: SpanRole;
  readonly text: string;
}

/** A line of text, and the transitions it tells of. */
export interface Line {
  readonly spans: readonly Span[];
  readonly transitions: readonly string[];
}

export interface Box {
  readonly id: string;
  readonly title: string;
  readonly kind: ChartNodeType;
  /** Of a parallel state all children are regions, which are active at once. */
  readonly isRegion: boolean;
  readonly isDeepHistory: boolean;
  readonly tags: readonly string[];
  /** Entry, exit, what it invokes, and what happens without leaving it. */
  readonly lines: readonly Line[];
  readonly initial: string | undefined;
  readonly boxes: readonly Box[];
}

export interface Arrow {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  readonly lines: readonly Line[];
}

export interface Drawing {
  readonly root: Box;
  readonly arrows: readonly Arrow[];
}

/** How many characters a line has, if there is a place to break it. */
const columns = 30;

export function drawingOf(root: ChartNode): Drawing {
  return { root: boxOf(root, false), arrows: arrowsOf(root) };
}

function boxOf(state: ChartNode, isRegion: boolean): Box {
  const { id, key, type: kind, entry, exit, invokes, transitions, tags, initial, states } = state;
  const staying = transitions.filter(({ targets }) => targets.length === 0);
  return {
    id,
    title: key,
    kind,
    isRegion,
    isDeepHistory: state.history === 'deep',
    tags,
    lines: [
      ...activityLines('entry', entry),
      ...activityLines('exit', exit),
      ...invokes.flatMap(({ id, src }) =>
        wordLines('invoke', id === src ? src : `${src} as ${id}`),
      ),
      ...groupsOf(staying).flatMap(linesOf),
    ],
    initial,
    boxes: states.map((child) => boxOf(child, kind === 'parallel')),
  };
}

/** Transitions between the same two states are one arrow. */
function arrowsOf(root: ChartNode): Arrow[] {
  const byEnds = new Map<string, { target: string; transitions: ChartTransition[] }>();
  for (const transition of transitionsBelow(root)) {
    for (const target of transition.targets) {
      const ends = `${transition.source} → ${target}`;
      const known = byEnds.get(ends);
      if (known === undefined) byEnds.set(ends, { target, transitions: [transition] });
      else known.transitions.push(transition);
    }
  }
  return [...byEnds].map(([id, { target, transitions }]) => ({
    id,
    source: transitions[0]!.source,
    target,
    lines: groupsOf(transitions).flatMap(linesOf),
  }));
}

export function transitionsBelow(state: ChartNode): ChartTransition[] {
  return [...state.transitions, ...state.states.flatMap(transitionsBelow)];
}

export function statesBelow(state: ChartNode): ChartNode[] {
  return [state, ...state.states.flatMap(statesBelow)];
}

function activityLines(word: string, actions: readonly ChartAction[]): Line[] {
  return actions.length === 0 ? [] : wordLines(word, actions.map(actionText).join(', '));
}

function wordLines(word: string, text: string): Line[] {
  const [first = '', ...rest] = wrapped(text, columns - word.length);
  return [
    {
      spans: [
        { role: 'word', text: `${word} ` },
        { role: 'actions', text: first },
      ],
      transitions: [],
    },
    ...rest.map((text): Line => ({ spans: [{ role: 'actions', text }], transitions: [] })),
  ];
}

/** What differs in nothing but the trigger is told once. */
interface Group {
  readonly triggers: string[];
  readonly guard: string | undefined;
  readonly actions: string;
  readonly transitions: string[];
}

function groupsOf(transitions: readonly ChartTransition[]): Group[] {
  const groups: Group[] = [];
  for (const transition of transitions) {
    const guard = transition.guard ?? (transition.otherwise ? 'else' : undefined);
    const actions = transition.actions.map(actionText).join(', ');
    const alike = groups.find((group) => group.guard === guard && group.actions === actions);
    const trigger = triggerText(transition);
    if (alike === undefined) {
      groups.push({ triggers: [trigger], guard, actions, transitions: [transition.id] });
    } else {
      alike.triggers.push(trigger);
      alike.transitions.push(transition.id);
    }
  }
  return groups;
}

function linesOf({ triggers, guard, actions, transitions }: Group): Line[] {
  const heads = wrapped(triggers.join(', '), columns);
  const lines = heads.map((text): Span[] => [{ role: 'trigger', text }]);
  const condition = guard === undefined ? undefined : `[${guard}]`;
  if (condition !== undefined) {
    const span: Span = { role: 'guard', text: condition };
    const last = lines.at(-1)!;
    if (last[0]!.text.length + condition.length < columns)
      last.push({ ...span, text: ` ${span.text}` });
    else lines.push(...wrapped(condition, columns).map((text): Span[] => [{ ...span, text }]));
  }
  const done = actions === '' ? [] : wrapped(`/ ${actions}`, columns);
  lines.push(...done.map((text): Span[] => [{ role: 'actions', text }]));
  return lines.map((spans) => ({ spans, transitions }));
}

export function triggerText({ event, trigger }: ChartTransition): string {
  switch (trigger.kind) {
    case 'event':
      return event;
    case 'always':
      return 'always';
    case 'done':
      return 'all done';
    case 'actor':
      return `${trigger.actor} ${trigger.how}`;
    default:
      return `after ${trigger.ms === undefined ? trigger.delay : durationText(trigger.ms)}`;
  }
}

/** `250 ms`, `5 s`, `10 min`: in the largest unit that needs no fraction. */
export function durationText(ms: number): string {
  if (ms >= 60_000 && ms % 60_000 === 0) return `${ms / 60_000} min`;
  return ms >= 1000 && ms % 1000 === 0 ? `${ms / 1000} s` : `${ms} ms`;
}

export function actionText({ name, params }: ChartAction): string {
  if (params === undefined) return name;
  return `${name}(${Object.values(params).map(String).join(', ')})`;
}

/** Broken at spaces; a word that is too long stands out. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

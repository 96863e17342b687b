/**
 * Clients of the simulator note what they ask and are told; nodes note their part only in what is
 * traced. For the others, what all did between the two is better than nothing.
 */
import { isNodeId } from '../../../../../actors/rules/actor.js';
import type { Note } from '../../../wire.js';
import { firstWhere } from '../../parts/sorted.js';

/** What is shown of it, so that it can still be read. */
const shownOf = 1_000;
/** Verbs that go on beside requests. */
const besides: ReadonlySet<string> = new Set([
  'gossip',
  'tree',
  'chain',
  'collection',
  'transfer',
  'changed',
  'status',
  'ring',
]);

/** Undefined: nodes have noted their part. `all`: in the order of their times. */
export function meanwhileIn(trace: readonly Note[], all: readonly Note[]): Note[] | undefined {
  const [first] = trace;
  const last = trace.at(-1);
  const isNoted = trace.some((note) => note.node !== first?.node);
  if (first === undefined || last === undefined || isNoted || all.length === 0) return undefined;
  const from = firstWhere(all, ({ atUs }) => atUs >= first.atUs);
  const meanwhile: Note[] = [];
  for (let at = from; at < all.length && meanwhile.length < shownOf; at++) {
    const note = all[at]!;
    if (note.atUs > last.atUs) break;
    if (isPartOf(note, first.node)) meanwhile.push(note);
  }
  return [...new Set([...trace, ...meanwhile])];
}

function isPartOf(note: Note, client: string): boolean {
  if (note.kind === 'disk') return note.what !== 'commit';
  if (note.kind === 'message') {
    const isOfAnother = [note.node, note.peer].some((id) => isClient(id) && id !== client);
    return !besides.has(note.verb) && !isOfAnother;
  }
  return note.kind === 'fault' || (note.kind === 'chart' && note.chart.endsWith('Round'));
}

function isClient(id: string): boolean {
  return id !== '' && id !== 'all' && !isNodeId(id);
}

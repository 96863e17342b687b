/** Asks nodes for what they know of themselves, with the nodes' password. */
import type { NodeId } from '../../../actors/rules/actor.js';
import { insightLimits } from '../../../actors/rules/limits/insight.js';
import { MalformedError } from '../../errors.js';
import { noteOf } from '../../insight/note-reader.js';
import type { Note, TraceId } from '../../insight/notes.js';
import type { BusMessage } from '../../seams/bus.js';
import { decodeDocument, encodeDocument, type DocumentValue } from '../../wire/message-pack.js';
import { nodeSubject } from '../../wire/subjects.js';
import type { ClusterQuestion } from '../cluster-status.js';

export type InsightAnswer = { readonly [field: string]: unknown };

/** Undefined: it does not answer. */
export function askInsight(
  { bus, clock, prefix, waitMs }: ClusterQuestion,
  node: NodeId,
  ask: { readonly [field: string]: DocumentValue },
): Promise<InsightAnswer | undefined> {
  return new Promise((resolve) => {
    const reply = bus.inbox();
    const finish = (answer: InsightAnswer | undefined): void => {
      clock.clearTimeout(timer);
      subscription.unsubscribe();
      resolve(answer);
    };
    const subscription = bus.subscribe(reply, (message) => finish(answerIn(message)));
    const timer = clock.setTimeout(() => finish(undefined), waitMs);
    bus.publish(nodeSubject(prefix, node, 'insight'), encodeDocument(ask), { reply });
  });
}

function answerIn({ noResponders, data }: BusMessage): InsightAnswer | undefined {
  if (noResponders) return undefined;
  try {
    const answer: unknown = decodeDocument(Buffer.from(data));
    const isMap = typeof answer === 'object' && answer !== null && !Array.isArray(answer);
    return isMap ? (answer as InsightAnswer) : undefined;
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

/** What the nodes have noted of a request, once it has settled or nothing more comes. */
export async function gatherTrace(
  question: ClusterQuestion,
  nodes: readonly NodeId[],
  id: TraceId,
): Promise<readonly Note[]> {
  const { gatherAttemptsMax, gatherRestMs } = insightLimits;
  let notes: readonly Note[] = [];
  for (let attempt = 0; attempt < gatherAttemptsMax; attempt++) {
    const answers = await Promise.all(
      nodes.map((node) => askInsight(question, node, { ask: 'trace', id })),
    );
    notes = answers.flatMap(notesIn);
    // Who does not know the nodes' password hears nothing, however often it asks.
    if (answers.every((answer) => answer === undefined)) break;
    if (notes.some((note) => note.kind === 'step' && note.what === 'settled')) break;
    await new Promise<void>((resolve) => {
      question.clock.setTimeout(resolve, gatherRestMs);
    });
  }
  return notes;
}

function notesIn(answer: InsightAnswer | undefined): Note[] {
  const notes = answer?.['notes'];
  return Array.isArray(notes) ? notes.flatMap((note) => readable(note) ?? []) : [];
}

/** Undefined: a node of another version may know of others. */
function readable(note: unknown): Note | undefined {
  try {
    return noteOf(note);
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

/** Asks nodes for what they know of themselves, with the nodes' password. */
import type { NodeId } from '../../../actors/rules/actor.js';
import { insightLimits } from '../../../actors/rules/limits/insight.js';
import type { Fields } from '../../dashboard/fields.js';
import { NodeQuestions } from '../../dashboard/node-questions.js';
import { notesAmong } from '../../insight/note-reader.js';
import type { Note, TraceId } from '../../insight/notes.js';
import type { ClusterQuestion } from '../cluster-status.js';

/** Undefined: it does not answer. */
export function askInsight(
  { waitMs, ...parts }: ClusterQuestion,
  node: NodeId,
  ask: Fields,
): Promise<Fields | undefined> {
  return new NodeQuestions(parts).insight(node, ask, waitMs);
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
    notes = answers.flatMap((answer) => notesAmong(answer?.['notes']));
    // Who does not know the nodes' password hears nothing, however often it asks.
    if (answers.every((answer) => answer === undefined)) break;
    if (notes.some((note) => note.kind === 'step' && note.what === 'settled')) break;
    await new Promise<void>((resolve) => {
      question.clock.setTimeout(resolve, gatherRestMs);
    });
  }
  return notes;
}

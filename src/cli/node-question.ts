/**
 * Questions to one node or another, whichever answers first, with the nodes' password: what an
 * operator says goes to a single one.
 */
import { UnavailableError, type Outcome } from '../errors.js';
import { nodeSubject } from '../wire/subjects.js';
import { ask } from './ask.js';
import { nodePasswordAdvice } from './connection.js';
import type { ClusterQuestion, NodeRow } from './cluster-status.js';

export interface NodeQuestion {
  /** Of the subject, behind the node. */
  readonly word: string;
  readonly payload: string;
  /** Of each of them. */
  readonly waitMs: number;
}

export interface NodeAnswer<T> {
  readonly answer: T;
  readonly node: NodeRow;
  /** Were asked before and said nothing; they may have done it all the same. */
  readonly silent: readonly NodeRow[];
}

export interface Refused {
  readonly error: string;
  readonly outcome: string;
}

/** Throws `UnavailableError` when none answers. */
export async function askOneOf<T>(
  nodes: readonly NodeRow[],
  { bus, clock, prefix }: Omit<ClusterQuestion, 'waitMs'>,
  { word, payload, waitMs }: NodeQuestion,
): Promise<NodeAnswer<T>> {
  const silent: NodeRow[] = [];
  for (const node of nodes) {
    const subject = nodeSubject(prefix, node.id, word);
    const [answer] = await ask<T>({ bus, clock, subject, waitMs, answersMax: 1, payload });
    if (answer !== undefined) return { answer, node, silent };
    silent.push(node);
  }
  throw new UnavailableError(
    nodes.length === 0
      ? 'no other node answers'
      : `${namesOf(nodes)} did not answer: see quorate status, and ask again as the user of the nodes (${nodePasswordAdvice})`,
    nodes.length === 0 ? 'none' : 'unknown',
  );
}

export function isRefused(answer: unknown): answer is Refused {
  return typeof answer === 'object' && answer !== null && 'error' in answer;
}

/** What was refused here may have been done by who said nothing. */
export function refusal(
  { error, outcome }: Refused,
  silent: readonly NodeRow[] = [],
): UnavailableError {
  const known: Outcome = outcome === 'unknown' ? 'unknown' : 'none';
  if (silent.length === 0) return new UnavailableError(error, known);
  return new UnavailableError(
    `${error}; ${namesOf(silent)} did not answer before, and may have done it: see quorate ring`,
    'unknown',
  );
}

function namesOf(nodes: readonly NodeRow[]): string {
  return nodes.map(({ name }) => name).join(', ');
}

/** Asks a node for a plan, to apply one, or to take back what is under way. */
import { commandLimits } from '../../../actors/rules/limits/command.js';
import { UnavailableError } from '../../errors.js';
import type { PlanForm } from '../../wire/change-form.js';
import { askRing, askStatus, type ClusterQuestion, type NodeRow } from '../cluster-status.js';
import { askOneOf, isRefused, refusal } from '../node-question.js';
import { type Chosen, chosenFrom, type PlanAnswer, planAnswerFrom } from './change-answers.js';
import { type NamedWishes, wishesOf } from './wishes.js';

/** Throws `UnavailableError`, with the node's reason where it has one. */
export async function askPlan(named: NamedWishes, question: ClusterQuestion): Promise<PlanAnswer> {
  const wishes = wishesOf(named, await askRing(question));
  return planAnswerFrom(await askChange({ ask: 'plan', ...wishes }, question));
}

export async function askApply(plan: PlanForm, question: ClusterQuestion): Promise<Chosen> {
  return chosenFrom(await askChange({ ask: 'apply', plan }, question));
}

export async function askCancel(question: ClusterQuestion): Promise<Chosen> {
  return chosenFrom(await askChange({ ask: 'cancel' }, question));
}

async function askChange(body: object, question: ClusterQuestion): Promise<unknown> {
  const rows = await askStatus(question);
  const nodes = rows.filter(isServing);
  if (nodes.length === 0) throw new UnavailableError('no node serves');
  const { answer, silent } = await askOneOf<unknown>(nodes, question, {
    word: 'change',
    payload: JSON.stringify(body),
    waitMs: commandLimits.changeAnswerMsMax,
  });
  if (isRefused(answer)) throw refusal(answer, silent);
  return answer;
}

/** Who waits to be taken in knows of no plan. */
function isServing({ pid, status }: NodeRow): boolean {
  return pid !== null && (status === 'serving' || status === 'readOnly');
}

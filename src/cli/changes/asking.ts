/** Asks a node for a plan, to apply one, to take back what is under way, or to recover. */
import { commandLimits } from '../../../actors/rules/limits/command.js';
import { UnavailableError } from '../../errors.js';
import type { PlanForm } from '../../wire/change-form.js';
import type { RecoveryForm } from '../../wire/recovery-form.js';
import { askRing, askStatus, type ClusterQuestion, type NodeRow } from '../cluster-status.js';
import { askOneOf, isRefused, refusal } from '../node-question.js';
import { type Chosen, chosenFrom, type PlanAnswer, planAnswerFrom } from './change-answers.js';
import { recoveryFrom } from './recovery-answer.js';
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

/** Throws `UnavailableError`, with the node's reason where it has one. */
export async function askRecovery(question: ClusterQuestion): Promise<RecoveryForm> {
  const waitMs = commandLimits.recoveryAnswerMsMax;
  return recoveryFrom(await askChange({ ask: 'recovery' }, question, waitMs));
}

/** As it was shown. */
export async function askRecover(
  { from, lost }: RecoveryForm,
  question: ClusterQuestion,
): Promise<Chosen> {
  const waitMs = commandLimits.recoveryAnswerMsMax;
  return chosenFrom(await askChange({ ask: 'recover', from, lost }, question, waitMs));
}

async function askChange(
  body: object,
  question: ClusterQuestion,
  waitMs: number = commandLimits.changeAnswerMsMax,
): Promise<unknown> {
  const rows = await askStatus(question);
  const nodes = rows.filter(isServing);
  if (nodes.length === 0) throw new UnavailableError('no node serves');
  const { answer, silent } = await askOneOf<unknown>(nodes, question, {
    word: 'change',
    payload: JSON.stringify(body),
    waitMs,
  });
  if (isRefused(answer)) throw refusal(answer, silent);
  return answer;
}

/** Who waits to be taken in knows of no plan. */
function isServing({ pid, status }: NodeRow): boolean {
  return pid !== null && (status === 'serving' || status === 'readOnly');
}

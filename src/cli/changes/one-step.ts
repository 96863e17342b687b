/** A change that is planned, confirmed and applied by one command. */
import type { ClusterQuestion } from '../cluster-status.js';
import { checkTerminal, confirm, type Confirmation } from '../confirm.js';
import { askApply, askPlan } from './asking.js';
import type { Chosen, PlanAnswer } from './change-answers.js';
import { planText } from './plan-text.js';
import type { NamedWishes } from './wishes.js';

export interface AskedFor extends Omit<Confirmation, 'shown'> {
  /** Where there is no terminal to ask at. */
  readonly advice?: string;
}

export interface OneStep {
  readonly wishes: NamedWishes;
  /** Undefined: it need not be confirmed. */
  readonly confirmation: AskedFor | undefined;
}

export interface Done extends Chosen {
  readonly planned: PlanAnswer;
}

/** Throws `CommandError` when it is not confirmed, `UnavailableError` with the reason of a node. */
export async function changeInOneStep(
  { wishes, confirmation }: OneStep,
  question: ClusterQuestion,
): Promise<Done> {
  const planned = await askPlan(wishes, question);
  if (confirmation !== undefined) {
    // What can't be done at all is said before who would have to mean it.
    if (confirmation.advice !== undefined) checkTerminal(confirmation.advice);
    await confirm({ ...confirmation, shown: planText(planned) });
  }
  const { number } = await askApply(planned.plan, question);
  return { number, planned };
}

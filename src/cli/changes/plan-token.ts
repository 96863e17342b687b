/**
 * A plan as one word, to be handed from `quorate ring plan` to `quorate ring apply`: nodes keep no
 * plans. Its JSON in base64url, a dot, and a checksum, so that what was mistyped or cut off is not
 * taken for another plan.
 */
import { fnvBasis, hashText, mixed } from '../../../actors/rules/hash.js';
import { commandLimits } from '../../../actors/rules/limits/command.js';
import { MalformedError } from '../../errors.js';
import type { PlanForm } from '../../wire/change-form.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { planFrom } from './change-answers.js';

const shape = /^([A-Za-z0-9_-]+)\.([0-9a-z]+)$/;

export function tokenOf(plan: PlanForm): string {
  const text = Buffer.from(JSON.stringify(plan)).toString('base64url');
  return `${text}.${checksum(text)}`;
}

/** Throws `CommandError`. */
export function planOf(token: string): PlanForm {
  const [, text, check] = shape.exec(token) ?? [];
  if (text === undefined || token.length > commandLimits.planTokenCharsMax)
    throw damaged('it is not what quorate ring plan prints');
  if (check !== checksum(text)) throw damaged('its checksum does not match');
  try {
    return planFrom(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
  } catch (error) {
    if (!(error instanceof MalformedError) && !(error instanceof SyntaxError)) throw error;
    throw damaged(error.message);
  }
}

function checksum(text: string): string {
  return mixed(hashText(fnvBasis, text)).toString(36);
}

function damaged(why: string): CommandError {
  return new CommandError(
    exitCodes.usage,
    `the plan is damaged (${why}): copy the whole line that quorate ring plan ends with, or plan anew`,
  );
}

/** `quorate recover`: the survivors of a lost majority go on without it. */
import type { Command } from 'commander';
import { askRecover, askRecovery } from '../changes/asking.js';
import {
  addOperatorOptions,
  withCluster,
  type OperatorOptions,
} from '../changes/operator-options.js';
import { checkLost } from '../changes/lost-nodes.js';
import { namesOf, priceText, recoveryText } from '../changes/recovery-text.js';
import type { ClusterQuestion } from '../cluster-status.js';
import { checkTerminal, confirm } from '../confirm.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { printJson, printLine, say } from '../output.js';
import { listed } from '../parsers.js';
import type { RecoveryForm } from '../../wire/recovery-form.js';

interface RecoverOptions extends OperatorOptions {
  readonly yes?: true;
  readonly lost?: readonly string[];
}

export function addRecover(program: Command): void {
  const command = program
    .command('recover')
    .summary('go on without a majority that is gone for good')
    .description(
      'Has those nodes go on that are left of a cluster, where the majority of those that vote is gone for good: the cluster serves, and nothing of its membership can be changed any more. All others are removed. All that are left must agree, and none of them may hear any of the others.',
    )
    .option(
      '--lost <names>',
      'all that are gone for good, by names or ids: no others may be lost',
      listed,
    )
    .option('--yes', 'do not ask; together with --lost')
    .option('--json', 'one JSON object: {"number","survivors","lost"}, with ids');
  addOperatorOptions(command)
    .addHelpText(
      'after',
      `
It shows what would be lost, and asks twice. Whoever is lost alone is removed or replaced without it:
quorate remove, quorate replace.

Examples:
  quorate recover
  quorate recover --lost n3,n4,n5 --yes`,
    )
    .action((options: RecoverOptions) =>
      withCluster(options, (question) => recover(options, question)),
    );
}

async function recover(options: RecoverOptions, question: ClusterQuestion): Promise<void> {
  const { yes, lost, json } = options;
  if (yes !== true)
    checkTerminal(
      "recover can't be taken back: look at what it says at a terminal; or say --lost with all that are gone for good, and --yes",
    );
  if (yes === true && lost === undefined)
    throw new CommandError(
      exitCodes.usage,
      '--yes does not say who is gone for good: add --lost with all of them',
    );
  const recovery = await askRecovery(question);
  if (lost !== undefined) checkLost(lost, recovery);
  if (yes === true) say(recoveryText(recovery));
  else await confirmTwice(recovery);
  const { number } = await askRecover(recovery, question);
  const { survivors } = recovery;
  if (json === true) return printJson({ number, survivors, lost: recovery.lost });
  printLine(
    `recovered (configuration ${number}), to go on with ${namesOf(survivors, recovery)}: what the others held moves to where it is to lie now; quorate ring --watch shows how far that is`,
  );
}

/** Who is lost is typed, and then that it is meant. */
async function confirmTwice(recovery: RecoveryForm): Promise<void> {
  const lost = namesOf(recovery.lost, recovery);
  const declined = 'nothing was recovered';
  const word = lost === '' ? 'nobody' : lost;
  await confirm({
    shown: recoveryText(recovery),
    question: `Who is gone for good? Type ${word}: `,
    word,
    declined,
  });
  await confirm({
    shown: priceText(recovery),
    question: 'Type recover to go on without: ',
    word: 'recover',
    declined,
  });
}

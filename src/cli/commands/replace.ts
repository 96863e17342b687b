/** `quorate replace`: another node comes in the stead of one that is gone for good. */
import type { Command } from 'commander';
import { changeInOneStep } from '../changes/one-step.js';
import {
  addOperatorOptions,
  withCluster,
  type OperatorOptions,
} from '../changes/operator-options.js';
import { showMove } from '../move-show.js';
import { printJson, printLine } from '../output.js';

interface ReplaceOptions extends OperatorOptions {
  readonly yes?: true;
  readonly watch?: true;
}

export function addReplace(program: Command): void {
  const command = program
    .command('replace <old> <new>')
    .summary('put a new node in the stead of one that is gone')
    .description(
      'Declares a node gone for good and takes another one in, in its stead: the others bring it what it is to hold. The old one must be down, the new one must run and wait. Where a node came back with an empty disk, both have the same name.',
    )
    .option('--yes', 'do not ask')
    .option('--watch', 'show how far the move is, until it is over')
    .option(
      '--json',
      'one JSON object: {"old","by","number"}, of the configuration that was chosen',
    );
  addOperatorOptions(command)
    .addHelpText(
      'after',
      `
The price: what only the old node held is lost. It never comes back: started again, it ends.
Without --yes it shows the plan first, and asks. A new node that was started with --replaces needs no such word.

Examples:
  quorate replace n2 n6
  quorate replace n2 n2 --yes --watch`,
    )
    .action(replace);
}

async function replace(old: string, by: string, options: ReplaceOptions): Promise<void> {
  const confirmation = {
    advice: `replace can't be taken back: say --yes to have ${by} replace ${old}; what that comes to shows: quorate ring plan --replace ${old}=${by}`,
    question: `What only ${old} held is lost, and it never comes back. Type ${old} to have it replaced: `,
    word: old,
    declined: `${old} was not replaced`,
  };
  const json = options.json === true;
  await withCluster(options, async (question) => {
    const step = {
      wishes: { replace: [[old, by] as const] },
      confirmation: options.yes === true ? undefined : confirmation,
    };
    const { number, planned } = await changeInOneStep(step, question);
    if (json) printJson({ ...planned.plan.wishes.replace[0], number });
    else
      printLine(
        `${by} comes in the stead of ${old} (configuration ${number}): the others bring it what it is to hold`,
      );
    if (options.watch === true) await showMove(question, { json, layout: number });
  });
}

/** `quorate leave`: a member hands on all it holds, and ends. */
import type { Command } from 'commander';
import { changeInOneStep } from '../changes/one-step.js';
import {
  addOperatorOptions,
  withCluster,
  type OperatorOptions,
} from '../changes/operator-options.js';
import { showMove } from '../move-show.js';
import { printJson, printLine } from '../output.js';

interface LeaveOptions extends OperatorOptions {
  readonly yes?: true;
  readonly watch?: true;
}

export function addLeave(program: Command): void {
  const command = program
    .command('leave <node>')
    .summary('have a node hand on what it holds, and end')
    .description(
      'Has a node leave: the others take over all that it holds, then its process ends by itself. It must be up; one that is gone for good is removed or replaced.',
    )
    .option('--yes', 'do not ask')
    .option('--watch', 'show how far the move is, until it is over')
    .option('--json', 'one JSON object: {"id","number"}, of the configuration that was chosen');
  addOperatorOptions(command)
    .addHelpText(
      'after',
      `
Without --yes it shows the plan first, and asks.

Examples:
  quorate leave n3
  quorate leave n3 --yes --watch`,
    )
    .action(leave);
}

async function leave(node: string, options: LeaveOptions): Promise<void> {
  const confirmation = {
    advice: `say --yes to have ${node} leave; what that comes to shows: quorate ring plan --leave ${node}`,
    question: `Type ${node} to have it leave: `,
    word: node,
    declined: `${node} was not told to leave`,
  };
  const json = options.json === true;
  await withCluster(options, async (question) => {
    const step = {
      wishes: { leave: [node] },
      confirmation: options.yes === true ? undefined : confirmation,
    };
    const { number, planned } = await changeInOneStep(step, question);
    if (json) printJson({ id: planned.plan.wishes.leave[0], number });
    else
      printLine(
        `${node} leaves (configuration ${number}): its process ends by itself once the others hold all that it held`,
      );
    if (options.watch === true) await showMove(question, { json, layout: number });
  });
}

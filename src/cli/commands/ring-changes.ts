/** `quorate ring plan`, `apply` and `cancel`: what a change comes to, that it happens, or not. */
import type { Command } from 'commander';
import { limits } from '../../../actors/rules/limits.js';
import { askApply, askCancel, askPlan } from '../changes/asking.js';
import {
  addOperatorOptions,
  withCluster,
  type OperatorOptions,
} from '../changes/operator-options.js';
import { planText } from '../changes/plan-text.js';
import { planOf, tokenOf } from '../changes/plan-token.js';
import type { NamedWishes } from '../changes/wishes.js';
import { showMove } from '../move-show.js';
import { printJson, printLine } from '../output.js';
import {
  collected,
  listed,
  newName,
  nodeAnd,
  nodeName,
  placeLabel,
  ringVersion,
  wholeNumber,
} from '../parsers.js';

type PlanOptions = OperatorOptions & NamedWishes;

const weight = wholeNumber({ min: 1, max: limits.weightMax });

export function addRingPlan(ring: Command): void {
  const command = ring
    .command('plan')
    .summary('show what a change would come to')
    .description(
      'Shows what a change of the cluster would come to: what each node has before and after, how much moves, which replicas would share a host or a zone, and what is at risk now. Nothing happens before it is applied; all of it happens as one change. Nodes are named by their names or ids; options can be repeated.',
    )
    .option('--add <names>', 'nodes that wait to be taken in', listed)
    .option('--leave <names>', 'hand on what they hold, then end', listed)
    .option('--remove <names>', 'are down and gone for good', listed)
    .option(
      '--replace <old=new>',
      'the one is gone for good, the other waits',
      collected(nodeAnd(nodeName)),
    )
    .option('--name <node=name>', 'what people call it', collected(nodeAnd(newName)))
    .option('--weight <node=weight>', 'its share of the data', collected(nodeAnd(weight)))
    .option('--host <node=name>', 'the machine it is on', collected(nodeAnd(placeLabel)))
    .option(
      '--zone <node=name>',
      'the room or data centre it is in',
      collected(nodeAnd(placeLabel)),
    )
    .option(
      '--ring <version>',
      'how shares are dealt out: 2 keeps each within 4 % of what its weight is worth; a cluster that was founded by an earlier version may have 1',
      ringVersion,
    )
    .option('--json', 'one JSON object: {"plan","preview","token"}');
  addOperatorOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate ring plan --add n4 --add n5
  quorate ring plan --leave n3 --weight n1=2
  quorate ring plan --replace n2=n6
  quorate ring plan --ring 2
  quorate ring plan --add n4 --json | jq -r .token`,
    )
    .action((options: PlanOptions) => plan(options));
}

function plan(options: PlanOptions): Promise<void> {
  return withCluster(options, async (question) => {
    const planned = await askPlan(options, question);
    const token = tokenOf(planned.plan);
    if (options.json === true) {
      const { plan, preview } = planned;
      return printJson({ plan, preview, token });
    }
    printLine(planText(planned));
    return printLine(`apply it with: quorate ring apply ${token}`);
  });
}

interface ApplyOptions extends OperatorOptions {
  readonly watch?: true;
}

export function addRingApply(ring: Command): void {
  const command = ring
    .command('apply <plan>')
    .summary('have a plan happen')
    .description(
      'Has a plan happen that quorate ring plan has shown. Refused when the cluster has changed since: what was seen is what happens.',
    )
    .option('--watch', 'show how far the move is, until it is over')
    .option('--json', 'one JSON object: {"number"}, of the configuration that was chosen');
  addOperatorOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate ring apply PLAN --watch
  quorate ring apply "$(quorate ring plan --add n4 --json | jq -r .token)"`,
    )
    .action((token: string, options: ApplyOptions) => apply(token, options));
}

function apply(token: string, options: ApplyOptions): Promise<void> {
  const plan = planOf(token);
  const json = options.json === true;
  return withCluster(options, async (question) => {
    const { number } = await askApply(plan, question);
    if (json) printJson({ number });
    else printLine(`applied: configuration ${number} was chosen`);
    if (options.watch === true) await showMove(question, { json, layout: number });
  });
}

export function addRingCancel(ring: Command): void {
  const command = ring
    .command('cancel')
    .summary('take back the move that is under way')
    .description(
      'Takes back the move that is under way: what has moved moves back, what has not stays. Refused where nobody is left to whom anything could move back.',
    )
    .option('--json', 'one JSON object: {"number"}, of the configuration that was chosen');
  addOperatorOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate ring cancel
  quorate ring --watch`,
    )
    .action((options: OperatorOptions) =>
      withCluster(options, async (question) => {
        const { number } = await askCancel(question);
        if (options.json === true) return printJson({ number });
        return printLine(
          `cancelled: configuration ${number} was chosen; quorate ring --watch shows what moves back`,
        );
      }),
    );
}

/**
 * `quorate remove`: declares a member gone for good, so that the others need not wait for it any
 * more.
 */
import type { Command } from 'commander';
import { commandLimits } from '../../../actors/rules/limits/command.js';
import { UnavailableError } from '../../errors.js';
import type { RemovalAnswer } from '../../membership/removal-desk.js';
import {
  addOperatorOptions,
  withCluster,
  type OperatorOptions,
} from '../changes/operator-options.js';
import type { RingNode } from '../../wire/ring-message.js';
import { idAs } from '../changes/wishes.js';
import { askRing, askStatus, type ClusterQuestion } from '../cluster-status.js';
import { checkTerminal, confirm } from '../confirm.js';
import { askOneOf, isRefused, refusal } from '../node-question.js';
import { showMove } from '../move-show.js';
import { printJson, printLine, say } from '../output.js';

interface RemoveOptions extends OperatorOptions {
  readonly yes?: true;
  readonly watch?: true;
}

export function addRemove(program: Command): void {
  const command = program
    .command('remove <node>')
    .summary('declare a node gone for good')
    .description(
      'Declares a node gone for good: the others take nothing from it any more, and no longer wait for it before they forget what was deleted or has expired. The others rebuild its share. It must be down, and a majority of the nodes that vote must be left and agree: all vote in a cluster of up to seven, seven do in a larger one.',
    )
    .option('--yes', 'do not ask')
    .option('--watch', 'show how far the move is, until it is over')
    .option(
      '--json',
      'one JSON object: {"node","id","number","confirmed","missing"}; number: of the configuration that goes on without it',
    );
  addOperatorOptions(command)
    .addHelpText(
      'after',
      `
The price: what only this node held is lost. It never comes back: started again, it ends.
Where a new node is there to take its place: quorate replace. One that is up leaves: quorate leave.

Examples:
  quorate remove n3
  quorate remove n3 --yes --watch`,
    )
    .action((node: string, options: RemoveOptions) =>
      withCluster(options, (question) => remove(node, options, question)),
    );
}

/** Throws what is against it before anybody is told the price. */
export async function remove(
  name: string,
  options: Pick<RemoveOptions, 'yes' | 'json' | 'watch'>,
  question: ClusterQuestion,
): Promise<void> {
  const ring = await askRing(question);
  if (ring === undefined) throw new UnavailableError('no node answers');
  const id = idAs('is gone', name, ring);
  const target = ring.nodes.find((known) => known.id === id)!;
  checkGone(target);
  const { name: node } = target;
  const rows = await askStatus(question);
  if (options.yes !== true) {
    checkTerminal(`remove can't be taken back: say --yes to remove ${node}`);
    await confirm({
      shown: priceOf(node),
      question: `Type ${node} to remove it: `,
      word: node,
      declined: `${node} was not removed`,
    });
  }
  const serving = rows.filter((row) => row.id !== id && row.pid !== null);
  const { answer } = await askOneOf<RemovalAnswer>(serving, question, {
    word: 'remove',
    payload: id,
    waitMs: commandLimits.removalAnswerMsMax,
  });
  if (isRefused(answer)) throw refusal(answer);
  const { number, confirmed, missing } = answer;
  const json = options.json === true;
  if (json) printJson({ node, id, number, confirmed, missing });
  else
    printLine(
      `${node} is removed: configuration ${number} was chosen, and is on the disks of ${confirmed.join(', ')}`,
    );
  if (!json && missing.length > 0)
    say(`${missing.join(', ')} did not answer: nothing is forgotten before they know it as well`);
  if (options.watch === true) await showMove(question, { json });
}

/** As far as the node that was asked for the ring knows: the others have their say later. */
function checkGone({ name, reachability, waits }: RingNode): void {
  if (waits !== undefined)
    throw new UnavailableError(
      `not removed: ${name} waits to be taken in and holds nothing: stop its process`,
    );
  if (reachability === 'alive')
    throw new UnavailableError(
      `not removed: ${name} is alive, or was a moment ago: stop it first if it is to be gone for good, or let it leave (quorate leave ${name})`,
    );
}

function priceOf(node: string): string {
  return `${node} is to be gone for good. That can't be taken back:
- What only ${node} held is lost: writes that reached no other node, hints it owed, and what clients that are cut off
  with it may still be writing to it.
- It never comes back with its data. Started again, it ends.
- Keys of which it is a primary have one replica less until the others have rebuilt them: quorate ring --watch.`;
}

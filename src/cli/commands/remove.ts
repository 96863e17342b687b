/**
 * `quorate remove`: declares a member gone for good, so that the others need not wait for it any
 * more.
 */
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { commandLimits } from '../../../actors/rules/limits/command.js';
import { UnavailableError } from '../../errors.js';
import type { RemovalAnswer } from '../../membership/removal-desk.js';
import type { Bus } from '../../seams/bus.js';
import type { Clock } from '../../seams/clock.js';
import { RealClock } from '../../seams/real-clock.js';
import { nodeSubject } from '../../wire/subjects.js';
import { ask } from '../ask.js';
import { askRing, askStatus, idOf, type ClusterQuestion, type NodeRow } from '../cluster-status.js';
import {
  addNodeConnectionOptions,
  nodeConnection,
  withBus,
  type NodeConnection,
} from '../connection.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { printJson, printLine, say } from '../output.js';

interface RemoveOptions extends NodeConnection {
  readonly prefix: string;
  readonly dataDir: string;
  readonly yes?: true;
  readonly json?: true;
}

export function addRemove(program: Command): void {
  const command = program
    .command('remove <node>')
    .summary('declare a node gone for good')
    .description(
      'Declares a node gone for good: the others take nothing from it any more, and no longer wait for it before they forget what was deleted or has expired. It must be down, and a majority of the nodes that founded the cluster must be left and agree.',
    )
    .option('--yes', 'do not ask')
    .option('--json', 'one JSON object: {"node","id","confirmed","missing"}')
    .option('--data-dir <directory>', 'of quorate up, with the password of its nodes', 'data')
    .option('--prefix <word>', 'first token of all subjects', 'kv');
  addNodeConnectionOptions(command)
    .addHelpText(
      'after',
      `
The price: what only this node held is lost. It never comes back: started again, it ends.

Examples:
  quorate remove n3
  quorate remove n3 --yes`,
    )
    .action((node: string, options: RemoveOptions) =>
      withBus(nodeConnection(options, options.dataDir), (bus) => remove(node, options, bus)),
    );
}

async function remove(name: string, options: RemoveOptions, bus: Bus): Promise<void> {
  const { prefix } = options;
  const question = { bus, clock: new RealClock(), prefix, waitMs: commandLimits.answerMsMax };
  const id = idOf(name, await askRing(question));
  const rows = await askStatus(question);
  const node = rows.find((row) => row.id === id)?.name ?? name;
  if (options.yes !== true) await confirm(node);
  const answer = await askOne(rows, id, question);
  if ('error' in answer)
    throw new UnavailableError(answer.error, answer.outcome === 'unknown' ? 'unknown' : 'none');
  const { confirmed, missing } = answer;
  if (options.json === true) return printJson({ node, id, confirmed, missing });
  printLine(`${node} is removed; on the disks of ${confirmed.join(', ')}`);
  if (missing.length > 0)
    say(`${missing.join(', ')} did not answer: nothing is forgotten before they know it as well`);
}

async function confirm(node: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw new CommandError(
      exitCodes.usage,
      `remove can't be taken back: say --yes to remove ${node}`,
    );
  say(`${node} is to be gone for good. That can't be taken back:
- What only ${node} held is lost: writes that reached no other node, hints it owed, and what clients that are cut off
  with it may still be writing to it.
- It never comes back with its data. Started again, it ends.
- Keys of which it is a primary have one replica less until they are rebuilt elsewhere.`);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const typed = await lines.question(`Type ${node} to remove it: `);
  lines.close();
  if (typed.trim() !== node) throw new CommandError(exitCodes.failed, `${node} was not removed`);
}

/** The first that answers of those that serve. */
async function askOne(
  rows: readonly NodeRow[],
  id: string,
  { bus, clock, prefix }: ClusterQuestion & { readonly clock: Clock },
): Promise<RemovalAnswer> {
  const serving = rows.filter((row) => row.id !== id && row.pid !== null);
  for (const row of serving) {
    const subject = nodeSubject(prefix, row.id, 'remove');
    const question = {
      bus,
      clock,
      subject,
      waitMs: commandLimits.removalAnswerMsMax,
      answersMax: 1,
      payload: id,
    };
    const [answer] = await ask<RemovalAnswer>(question);
    if (answer !== undefined) return answer;
  }
  throw new UnavailableError(
    serving.length === 0
      ? 'no other node answers'
      : `${serving.map(({ name }) => name).join(', ')} did not answer: ask again, as the user of the nodes, and see quorate status`,
    serving.length === 0 ? 'none' : 'unknown',
  );
}

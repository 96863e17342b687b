/** `quorate explain`: where a key lives, why, and what each replica holds of it. */
import type { Command } from 'commander';
import { UnavailableError } from '../../errors.js';
import {
  addOperatorOptions,
  withCluster,
  type OperatorOptions,
} from '../changes/operator-options.js';
import { askWholeRing } from '../cluster-status.js';
import { nodePasswordAdvice } from '../connection.js';
import { copiesOf, copiesText } from '../insight/copies-text.js';
import { placeText } from '../insight/place-text.js';
import { checkName, placeOf } from '../key-place.js';
import { printJson, printLine } from '../output.js';

export function addExplain(program: Command): void {
  const command = program
    .command('explain <bucket> <key>')
    .summary('say where a key lives, and what each replica holds of it')
    .description(
      'Says where a key lives and why, and side by side what each of its nodes holds: dots, contexts, siblings, hints.',
    )
    .option(
      '--json',
      'one JSON object: {"bucket","key","partition","nodes":[{"role","name","id","copy"}]}; copy is null where a node does not answer',
    );
  addOperatorOptions(command)
    .addHelpText('after', '\nExamples:\n  quorate explain carts alice')
    .action(async (bucket: string, key: string, options: OperatorOptions) => {
      checkName({ bucket, key });
      await withCluster(options, async (question) => {
        const ring = await askWholeRing(question);
        const place = placeOf(ring, { bucket, key });
        const copies = await copiesOf(question, place);
        const isTold = copies.some(({ copy }) => copy !== undefined);
        if (!isTold && options.json !== true) printLine(placeText(place));
        if (!isTold)
          throw new UnavailableError(`no node says what it holds of it (${nodePasswordAdvice})`);
        if (options.json === true) {
          const nodes = copies.map(({ row, copy }) => {
            const { role, name, id } = row;
            return { role, name, id, copy: copy ?? null };
          });
          printJson({ bucket, key, partition: place.partition, nodes });
        } else {
          printLine(placeText(place));
          printLine(copiesText(copies, (id) => nameOf(ring.nodes, id)));
        }
      });
    });
}

function nameOf(nodes: readonly { id: string; name: string }[], id: string): string {
  return nodes.find((node) => node.id === id)?.name ?? id;
}

/** `quorate del`: deletes a key. */
import type { Command } from 'commander';
import type { Condition } from '../../../actors/rules/condition.js';
import { addDataOptions, withClient, type DataOptions } from '../data-options.js';
import { condition, quorumSize } from '../parsers.js';
import { reportWrite } from './put.js';

interface DelOptions extends DataOptions {
  readonly context?: string;
  readonly if?: Condition;
  readonly w?: number;
}

export function addDel(program: Command): void {
  const command = program
    .command('del <bucket> <key>')
    .summary('delete a key')
    .description('Deletes a key. Deleting what is not there succeeds.')
    .option('--context <text>', 'delete only what its author has seen; other values stay')
    .option(
      '--if <condition>',
      "'context': only if --context has seen all there is; else exit code 3",
      condition,
    )
    .option('--w <count>', "nodes that must have stored it (default: the bucket's W)", quorumSize);
  addDataOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate del carts alice
  quorate del carts alice --context "$(quorate get carts alice --json | jq -r .context)" --if context`,
    )
    .action(async (bucket: string, key: string, options: DelOptions) => {
      const { context, if: onlyIf, w, strict } = options;
      const result = await withClient(options, (client) =>
        client.bucket(bucket).delete(key, { context, if: onlyIf, w, strict }),
      );
      reportWrite({ bucket, key, result, options });
    });
}

/** `quorate touch`: a new lifetime for a value. */
import type { Command } from 'commander';
import { NotFoundError } from '../../errors.js';
import { addDataOptions, withClient, type DataOptions } from '../data-options.js';
import { lifetime, quorumSize } from '../parsers.js';
import { reportWrite } from './put.js';

interface TouchCommandOptions extends DataOptions {
  readonly ttl: number | 'none';
  readonly w?: number;
}

export function addTouch(program: Command): void {
  const command = program
    .command('touch <bucket> <key>')
    .summary('give a value another lifetime')
    .description(
      'Has the value of a key expire at another time, and leaves it as it is. Exit code 4: there is none.',
    )
    .requiredOption('--ttl <time>', 'from now on, such as 30s, 10m, 7d; none: it stays', lifetime)
    .option('--w <count>', "nodes that must have stored it (default: the bucket's W)", quorumSize);
  addDataOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate touch sessions alice --ttl 30m
  quorate touch sessions alice --ttl none`,
    )
    .action(async (bucket: string, key: string, options: TouchCommandOptions) => {
      const { ttl, w, strict } = options;
      const result = await withClient(options, (client) =>
        client.bucket(bucket).touch(key, ttl, { w, strict }),
      );
      if (result === undefined) throw new NotFoundError();
      reportWrite({ bucket, key, result, options });
    });
}

/** `npm run bench -- listing`. */
import { tmpdir } from 'node:os';
import type { Command } from 'commander';
import { listing, type ListingPlan, type ListingRow } from '../listing.js';
import { headOf, lineOf, type Column } from '../report/table.js';
import { durability, wholeNumber } from './flags.js';
import { machine, print, showProgress, withDirectory, writeJson } from './surroundings.js';

interface ListingFlags {
  readonly nodes: number;
  readonly keys: number;
  readonly size: number;
  readonly durability: string;
  readonly rounds: number;
  readonly directory: string;
  readonly json?: string;
}

const columns: readonly Column<ListingRow>[] = [
  { title: 'all keys by', width: 26, left: true, cell: (row) => row.way },
  { title: 'ms', width: 9, cell: (row) => row.tookMs.toFixed(1) },
  { title: '± %', width: 7, cell: (row) => row.spreadPercent.toFixed(1) },
  { title: 'keys/s', width: 10, cell: (row) => String(row.keysPerSecond) },
  { title: 'x JetStream', width: 13, cell: (row) => row.ratio.toFixed(3) },
];

export function addListing(program: Command): void {
  program
    .command('listing')
    .summary('how long it takes to list all keys')
    .description(
      'Lists all keys of a bucket, again and again, beside keys() of JetStream KV with three replicas; both clusters hold the same.',
    )
    .option('--nodes <count>', 'of the cluster', wholeNumber, 3)
    .option('--keys <count>', 'in the bucket', wholeNumber, 100_000)
    .option('--size <bytes>', 'of values', wholeNumber, 100)
    .option('--durability <when>', 'sync, periodic:MS', durability, 'sync')
    .option('--rounds <count>', 'in which each lists once', wholeNumber, 7)
    .option('--directory <path>', 'where the data lies meanwhile', tmpdir())
    .option('--json <file>', 'write the report there')
    .addHelpText(
      'after',
      `
Examples:
  npm run bench -- listing
  npm run bench -- listing --keys 10000 --rounds 3`,
    )
    .action(run);
}

async function run(flags: ListingFlags): Promise<void> {
  const { nodes, keys, size, rounds } = flags;
  const plan: ListingPlan = {
    nodes,
    keys,
    rounds,
    valueBytes: size,
    durability: flags.durability,
  };
  print(machine());
  print(`${nodes} nodes, ${keys} keys, values of ${size} bytes, ${plan.durability}\n`);
  await withDirectory(flags.directory, async (directory) => {
    const report = await listing({ plan, directory, onProgress: showProgress });
    showProgress('');
    print(headOf(columns));
    for (const row of report.rows) print(lineOf(columns, row));
    if (flags.json !== undefined) writeJson(flags.json, report);
  });
}

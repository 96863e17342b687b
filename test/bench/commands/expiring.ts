/** `npm run bench -- expiring`. */
import { tmpdir } from 'node:os';
import type { Command } from 'commander';
import { expiring, type ExpiringPlan, type ExpiringRow } from '../expiring.js';
import { headOf, lineOf, type Column } from '../report/table.js';
import { durability, positive, wholeNumber } from './flags.js';
import { machine, print, showProgress, withDirectory, writeJson } from './surroundings.js';

interface ExpiringFlags {
  readonly nodes: number;
  readonly keys: number;
  readonly size: number;
  readonly ttl: number;
  readonly durability: string;
  readonly rounds: number;
  readonly directory: string;
  readonly json?: string;
}

const columns: readonly Column<ExpiringRow>[] = [
  { title: 'round', width: 6, cell: (row) => String(row.round) },
  { title: 'put in ms', width: 10, cell: (row) => String(row.filledMs) },
  { title: 'gone after ms', width: 15, cell: (row) => `${row.goneFirstMs}-${row.goneLastMs}` },
  { title: 'dropped ms later', width: 17, cell: (row) => String(row.droppedMs) },
  { title: 'disk MB', width: 15, cell: (row) => `${row.diskMbFilled} > ${row.diskMbAfter}` },
  { title: 'own MB', width: 15, cell: (row) => `${row.ownMbFilled} > ${row.ownMbAfter}` },
  { title: 'turn ms up to', width: 14, cell: (row) => String(row.turnMs) },
  { title: 'loop late ms up to', width: 19, cell: (row) => String(row.lagMs) },
];

export function addExpiring(program: Command): void {
  program
    .command('expiring')
    .summary('many keys that expire at once')
    .description(
      'Puts keys that live for a moment: when readers see the last of them, when all nodes have dropped the values, and for how long that holds their event loops.',
    )
    .option('--nodes <count>', 'of the cluster', wholeNumber, 3)
    .option('--keys <count>', 'in each round, of their own', wholeNumber, 100_000)
    .option('--size <bytes>', 'of values', wholeNumber, 1_000)
    .option('--ttl <seconds>', 'how long each lives', positive, 2)
    .option('--durability <when>', 'sync, periodic:MS', durability, 'sync')
    .option('--rounds <count>', 'the second finds the space of the first', wholeNumber, 2)
    .option('--directory <path>', 'where the data lies meanwhile', tmpdir())
    .option('--json <file>', 'write the report there')
    .addHelpText(
      'after',
      `
"gone after" is from the acknowledgement of a put to the first get that does not find it, of 200 keys: the soonest and the
latest. "dropped" counts from the end of the last key; the two seconds by which clocks may differ are in it. A file of LMDB does
not shrink, what was dropped is used again: the second round takes little more disk than the first. Turns and lateness are the
bound of the histogram's last bar that grew since all was put.

Examples:
  npm run bench -- expiring
  npm run bench -- expiring --keys 5000 --rounds 1`,
    )
    .action(run);
}

async function run(flags: ExpiringFlags): Promise<void> {
  const { nodes, keys, size, rounds, ttl } = flags;
  const plan: ExpiringPlan = {
    nodes,
    keys,
    rounds,
    valueBytes: size,
    ttlMs: Math.round(1000 * ttl),
    durability: flags.durability,
  };
  print(machine());
  print(`${nodes} nodes, ${keys} keys of ${size} bytes that live ${ttl} s, ${plan.durability}\n`);
  print(headOf(columns));
  const onRow = (row: ExpiringRow): void => {
    showProgress('');
    print(lineOf(columns, row));
  };
  await withDirectory(flags.directory, async (directory) => {
    const report = await expiring({ plan, directory, onProgress: showProgress, onRow });
    if (flags.json !== undefined) writeJson(flags.json, report);
  });
}

/** `npm run bench -- big`. */
import { tmpdir } from 'node:os';
import { InvalidArgumentError, type Command } from 'commander';
import { big, type BigPlan, type BigRow } from '../big/big.js';
import { bigSystems, directions, type BigSystem, type Direction } from '../big/messages.js';
import { headOf, lineOf, type Column } from '../report/table.js';
import { durability, listOf, oneOf, wholeNumber } from './flags.js';
import { machine, print, showProgress, withDirectory, writeJson } from './surroundings.js';

interface BigFlags {
  readonly size: number;
  readonly repetitions: number;
  readonly systems: readonly BigSystem[];
  readonly kill?: readonly Direction[];
  readonly durability: string;
  readonly seed: number;
  readonly directory: string;
  readonly json?: string;
}

const columns: readonly Column<BigRow>[] = [
  { title: 'system', width: 13, left: true, cell: (row) => row.system },
  { title: 'way', width: 4, left: true, cell: (row) => (row.direction === 'put' ? 'in' : 'out') },
  { title: 'MB/s', width: 8, cell: (row) => row.mbPerSecond.toFixed(1) },
  { title: '± %', width: 7, cell: (row) => row.spreadPercent.toFixed(1) },
  { title: 'client MiB', width: 12, cell: (row) => String(row.clientMiB) },
  { title: 'node MiB', width: 10, cell: (row) => String(row.nodeMiB) },
  { title: 'of its own', width: 12, cell: (row) => String(row.nodeAnonymousMiB) },
  { title: 'nats MiB', width: 10, cell: (row) => String(row.natsMiB ?? '') },
  { title: 'SHA-256', width: 9, cell: (row) => (row.isEqual ? 'equal' : 'OTHER') },
];

export function addBig(program: Command): void {
  program
    .command('big')
    .summary('values that no message holds')
    .description(
      "Streams a file into the cluster and out again, by turns beside NATS' object store with three replicas, and says how fast that was and how much memory it took.",
    )
    .option('--size <bytes>', 'of the value: 64MiB, 1GiB', sizeBytes, 2 ** 30)
    .option('--repetitions <count>', 'of each', wholeNumber, 2)
    .option('--systems <names>', `of ${bigSystems.join(', ')}`, listOf(oneOf(bigSystems)), [
      ...bigSystems,
    ])
    .option(
      '--kill <ways>',
      'then kill a node half way through a put, get',
      listOf(oneOf(directions)),
    )
    .option('--durability <when>', "Quorate's: sync, periodic:MS", durability, 'sync')
    .option('--seed <number>', 'of the value', wholeNumber, 1)
    .option('--directory <path>', 'where the data lies meanwhile', tmpdir())
    .option('--json <file>', 'write the report there')
    .addHelpText(
      'after',
      `
Clients are the TypeScript ones of both, a process for each value that is moved. Memory is the most that was resident at any time:
of the client, of the node (or nats-server that stores) that had most, mapped files included, and what of that it made itself.
Quorate syncs each part at two nodes before it is acknowledged; the object store syncs every 2 minutes.

Examples:
  npm run bench -- big --size 64MiB --repetitions 1
  npm run bench -- big --size 1GiB --repetitions 2 --kill put,get`,
    )
    .action(run);
}

async function run(flags: BigFlags): Promise<void> {
  const plan = planOf(flags);
  print(machine());
  print(`a value of ${plan.bytes} bytes, ${plan.repetitions} times each, ${plan.durability}\n`);
  print(headOf(columns));
  await withDirectory(flags.directory, async (directory) => {
    const rows = await big({ plan, directory, onProgress: showProgress, onRow });
    for (const line of ratios(rows)) print(line);
    if (flags.json !== undefined) writeJson(flags.json, { plan, rows });
    if (rows.some((row) => !row.isEqual)) throw new Error('what came out is not what went in');
  });
}

function onRow(row: BigRow): void {
  showProgress('');
  print(lineOf(columns, row) + (row.isKilled ? '  a node was killed half way' : ''));
}

function ratios(rows: readonly BigRow[]): string[] {
  return directions.flatMap((direction) => {
    const of = (system: BigSystem): BigRow | undefined =>
      rows.find((row) => row.system === system && row.direction === direction && !row.isKilled);
    const [own, peer] = [of('quorate'), of('object-store')];
    if (own === undefined || peer === undefined) return [];
    const ratio = (own.mbPerSecond / peer.mbPerSecond).toFixed(2);
    return [`${direction === 'put' ? 'in' : 'out'}: ${ratio} x the object store`];
  });
}

function planOf(flags: BigFlags): BigPlan {
  const { size, repetitions, systems, kill = [], seed } = flags;
  return { bytes: size, repetitions, systems, kills: kill, durability: flags.durability, seed };
}

const units: Readonly<Record<string, number>> = { '': 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

function sizeBytes(text: string): number {
  const match = /^(\d+)(KiB|MiB|GiB)?$/.exec(text);
  const bytes = Number(match?.[1]) * (units[match?.[2] ?? ''] ?? 1);
  if (match === null || bytes < 1 || !Number.isSafeInteger(bytes))
    throw new InvalidArgumentError('a number of bytes, such as 64MiB or 1GiB');
  return bytes;
}

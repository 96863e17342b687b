/** `npm run bench -- growth`. */
import { tmpdir } from 'node:os';
import type { Command } from 'commander';
import { growth, type GrowthPlan, type GrowthRow, type GrowthSetting } from '../growth.js';
import { headOf, lineOf, type Column } from '../report/table.js';
import { durability, listOf, notNegative, oneOf, positive, wholeNumber } from './flags.js';
import { machine, print, showProgress, withDirectory, writeJson } from './surroundings.js';

const parts = ['keys', 'sizes', 'nodes'] as const;
type Part = (typeof parts)[number];

interface GrowthFlags {
  readonly quick?: true;
  readonly parts: readonly Part[];
  readonly keys?: readonly number[];
  readonly sizes: readonly number[];
  readonly nodes: readonly number[];
  readonly inFlight: number;
  readonly durability: string;
  readonly clients: number;
  readonly seconds?: number;
  readonly heat?: number;
  readonly seed: number;
  readonly directory: string;
  readonly json?: string;
}

const columns: readonly Column<GrowthRow>[] = [
  { title: 'nodes', width: 6, cell: (row) => String(row.nodes) },
  { title: 'keys', width: 9, cell: (row) => String(row.keys) },
  { title: 'bytes', width: 8, cell: (row) => String(row.valueBytes) },
  { title: 'puts/s', width: 8, cell: ({ put }) => String(put.opsPerSecond) },
  { title: 'p99 ms', width: 8, cell: ({ put }) => put.p99Ms.toFixed(1) },
  { title: 'CPU µs/put', width: 11, cell: ({ put }) => String(put.cpuMicrosPerOp) },
  { title: 'gets/s', width: 9, cell: ({ get }) => String(get.opsPerSecond) },
  { title: 'p99 ms', width: 8, cell: ({ get }) => get.p99Ms.toFixed(1) },
  { title: 'CPU µs/get', width: 11, cell: ({ get }) => String(get.cpuMicrosPerOp) },
  { title: 'own MB/node', width: 12, cell: (row) => String(row.anonymousMbPerNode) },
  { title: 'mapped MB/node', width: 15, cell: (row) => String(row.mappedMbPerNode) },
  { title: 'killed, back ms', width: 16, cell: (row) => String(row.recoveryMs ?? '') },
];

export function addGrowth(program: Command): void {
  program
    .command('growth')
    .summary('cost per operation as it grows')
    .description(
      'Measures what puts and gets cost with more keys, larger values and more nodes; the memory of a node; and how long a killed node takes to serve again.',
    )
    .option('--quick', 'fewer keys and shorter runs: two minutes')
    .option('--parts <names>', `of ${parts.join(', ')}`, listOf(oneOf(parts)), [...parts])
    .option('--keys <counts>', 'of 100 bytes, on 3 nodes', listOf(wholeNumber))
    .option('--sizes <bytes>', 'on 3 nodes', listOf(wholeNumber), [256, 1_000, 10_000, 100_000])
    .option('--nodes <counts>', 'with values of 1000 bytes', listOf(wholeNumber), [3, 5, 7])
    .option('--in-flight <count>', 'requests in flight', wholeNumber, 64)
    .option('--durability <when>', 'sync, periodic:MS', durability, 'sync')
    .option('--clients <count>', 'client processes that share the load', wholeNumber, 1)
    .option('--seconds <seconds>', 'measured', positive)
    .option('--heat <seconds>', 'of load before anything is measured', notNegative)
    .option('--seed <number>', 'of keys and values', wholeNumber, 1)
    .option('--directory <path>', 'where the data lies meanwhile', tmpdir())
    .option('--json <file>', 'write the rows there')
    .addHelpText(
      'after',
      `
Every setting has a cluster of its own, N=3 W=2 R=2. CPU µs sums user and system time of servers, nodes and clients. "own" is
memory the node made itself, "mapped" files it has mapped: LMDB's map and the program. The time of a killed node includes the
half second that \`quorate up\` waits before it starts a process again.

Examples:
  npm run bench -- growth --quick
  npm run bench -- growth --parts keys --keys 10000,1000000
  npm run bench -- growth --parts nodes --json growth.json`,
    )
    .action(run);
}

async function run(flags: GrowthFlags): Promise<void> {
  const plan = planOf(flags);
  print(machine());
  print(
    `W=2 R=2 ${plan.durability}, ${plan.inFlight} in flight, ${plan.measureMs / 1000} s each\n`,
  );
  print(headOf(columns));
  await withDirectory(flags.directory, async (directory) => {
    const rows = await growth({ plan, directory, onProgress: showProgress, onRow });
    if (flags.json !== undefined) writeJson(flags.json, rows);
  });
}

function onRow(row: GrowthRow): void {
  showProgress('');
  print(lineOf(columns, row));
}

function planOf(flags: GrowthFlags): GrowthPlan {
  const { quick = false, inFlight, clients, seed, seconds, heat } = flags;
  return {
    settings: settingsOf(flags),
    inFlight,
    clients,
    seed,
    durability: flags.durability,
    heatMs: 1000 * (heat ?? (quick ? 2 : 20)),
    warmUpMs: 500,
    measureMs: 1000 * (seconds ?? (quick ? 1 : 10)),
  };
}

export function settingsOf({
  quick = false,
  ...flags
}: {
  readonly quick?: boolean;
  readonly parts: readonly Part[];
  readonly keys?: readonly number[];
  readonly sizes: readonly number[];
  readonly nodes: readonly number[];
}): GrowthSetting[] {
  const keysUsual = quick ? 2_000 : 10_000;
  // Large values have fewer keys, lest the filling takes longer than the measuring.
  const bytesMax = quick ? 20_000_000 : 200_000_000;
  const keysOf = (bytes: number): number => Math.min(keysUsual, Math.floor(bytesMax / bytes));
  const keyCounts = flags.keys ?? (quick ? [2_000, 50_000] : [10_000, 1_000_000]);
  const byPart: Readonly<Record<Part, GrowthSetting[]>> = {
    keys: keyCounts.map((keys) => ({ nodes: 3, keys, valueBytes: 100, kill: true })),
    sizes: flags.sizes.map((valueBytes) => {
      return { nodes: 3, keys: keysOf(valueBytes), valueBytes, kill: false };
    }),
    nodes: flags.nodes.map((nodes) => ({ nodes, keys: keysUsual, valueBytes: 1_000, kill: false })),
  };
  const settings = flags.parts.flatMap((part) => byPart[part]);
  // A size on three nodes is in two parts, and measured once.
  return [...new Map(settings.map((one) => [JSON.stringify(one), one])).values()];
}

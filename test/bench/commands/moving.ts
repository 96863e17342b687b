/** `npm run bench -- moving`. */
import { tmpdir } from 'node:os';
import type { Command } from 'commander';
import { workloadNames, type WorkloadName } from '../load/mixes.js';
import { moving, type MovingPlan, type MovingReport, type PhaseRow } from '../moving.js';
import { headOf, lineOf, type Column } from '../report/table.js';
import { durability, notNegative, oneOf, positive, wholeNumber } from './flags.js';
import { machine, print, showProgress, withDirectory, writeJson } from './surroundings.js';

interface MovingFlags {
  readonly nodes: number;
  readonly keys: number;
  readonly size: number;
  readonly workload: WorkloadName;
  readonly inFlight: number;
  readonly rate?: number;
  readonly durability: string;
  readonly cores?: number;
  readonly clients: number;
  readonly seconds: number;
  readonly window: number;
  readonly heat: number;
  readonly patience: number;
  readonly seed: number;
  readonly directory: string;
  readonly json?: string;
}

const columns: readonly Column<PhaseRow>[] = [
  { title: 'phase', width: 10, left: true, cell: (row) => row.phase },
  { title: 's', width: 7, cell: (row) => row.seconds.toFixed(0) },
  { title: 'ops/s', width: 9, cell: (row) => String(row.opsPerSecond) },
  { title: '% of before', width: 13, cell: (row) => (100 * row.throughputRatio).toFixed(0) },
  { title: 'p50 ms', width: 9, cell: (row) => row.p50Ms.toFixed(2) },
  { title: 'x before', width: 10, cell: (row) => row.p50Ratio.toFixed(2) },
  { title: 'p99 ms', width: 9, cell: (row) => row.p99Ms.toFixed(2) },
  { title: 'x before', width: 10, cell: (row) => row.p99Ratio.toFixed(2) },
  { title: 'CPU µs/op', width: 11, cell: (row) => String(row.cpuMicrosPerOp) },
  { title: 'errors', width: 8, cell: (row) => String(row.errors) },
];

export function addMoving(program: Command): void {
  program
    .command('moving')
    .summary('what it costs requests that a node comes')
    .description(
      'Fills a cluster, puts it under load, starts one more node, and measures requests before, while partitions move to it, while the former owners drop them, and after; and what was moved, by kind.',
    )
    .option('--nodes <count>', 'before', wholeNumber, 3)
    .option('--keys <count>', 'distinct keys', wholeNumber, 1_000_000)
    .option('--size <bytes>', 'of values', wholeNumber, 1_000)
    .option('--workload <name>', `of ${workloadNames.join(', ')}`, oneOf(workloadNames), '50/50')
    .option('--in-flight <count>', 'requests in flight; 0: none while it moves', notNegative, 64)
    .option('--rate <per second>', 'an open loop instead of so many in flight', wholeNumber)
    .option('--durability <when>', 'sync, periodic:MS', durability, 'sync')
    .option('--cores <part>', 'of a core, for each node of its own; takes root', positive)
    .option('--clients <count>', 'client processes that share the load', wholeNumber, 1)
    .option('--seconds <seconds>', 'measured before and after', positive, 30)
    .option('--window <seconds>', 'measured at once while it moves', positive, 10)
    .option('--heat <seconds>', 'of load before anything is measured', notNegative, 20)
    .option('--patience <minutes>', 'a move that takes longer has failed', positive, 120)
    .option('--seed <number>', 'of keys and values', wholeNumber, 1)
    .option('--directory <path>', 'where the data lies meanwhile', tmpdir())
    .option('--json <file>', 'write the report there')
    .addHelpText(
      'after',
      `
N=3 W=2 R=2. All nodes are on this machine, the new one too: with a closed loop that keeps it busy, what it does for itself is
taken from the others; with --rate below what they can do that shows in latencies alone; with --cores each node has its own part
of a core, as if it were a machine of its own. The share of the new node is what it holds in the end.

Examples:
  npm run bench -- moving
  npm run bench -- moving --keys 20000 --seconds 5 --window 2
  npm run bench -- moving --keys 100000 --cores 0.35
  npm run bench -- moving --in-flight 0 --json idle.json`,
    )
    .action(run);
}

async function run(flags: MovingFlags): Promise<void> {
  const plan = planOf(flags);
  print(machine());
  print(
    `${plan.nodes} nodes and one more, ${plan.keys} keys of ${plan.valueBytes} bytes, ${plan.workload}, ${loadText(plan)}, ${plan.durability}${coresText(plan)}\n`,
  );
  print(headOf(columns));
  await withDirectory(flags.directory, async (directory) => {
    const report = await moving({ plan, directory, onProgress: showProgress, onRow });
    for (const line of movedText(report)) print(line);
    if (flags.json !== undefined) writeJson(flags.json, report);
  });
}

function loadText({ inFlight, ratePerSecond }: MovingPlan): string {
  return ratePerSecond === undefined ? `${inFlight} in flight` : `${ratePerSecond} a second`;
}

function coresText({ cores }: MovingPlan): string {
  return cores === undefined ? '' : `, each node ${cores} of a core`;
}

function onRow(row: PhaseRow): void {
  showProgress('');
  print(lineOf(columns, row));
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

function movedText({ moved, ...report }: MovingReport): string[] {
  return [
    '',
    `the new node's share: ${moved.shareKeys} keys, ${megabytes(moved.shareBytes)}; sent for it: ${moved.ratio.toFixed(3)} x`,
    `  streamed ${megabytes(moved.streamedBytes)} (${moved.streamedStates} states), because trees differed ${megabytes(moved.exchangedBytes)} (${moved.pulledStates}), by former owners ${megabytes(moved.releasedBytes)}`,
    `moved in ${(report.moveMs / 1000).toFixed(1)} s, ${report.megabytesPerSecond.toFixed(2)} MB/s; over ${(report.joinedAfterMs / 1000).toFixed(1)} s after the node was started; dropped ${(report.releasedAfterMs / 1000).toFixed(1)} s later`,
  ];
}

function planOf(flags: MovingFlags): MovingPlan {
  const { nodes, keys, size, workload, inFlight, rate, cores, clients, seed } = flags;
  return {
    nodes,
    keys,
    valueBytes: size,
    workload,
    inFlight,
    ratePerSecond: rate,
    clients,
    seed,
    durability: flags.durability,
    cores,
    heatMs: 1000 * flags.heat,
    warmUpMs: 500,
    measureMs: 1000 * flags.seconds,
    windowMs: 1000 * flags.window,
    moveMsMax: 60_000 * flags.patience,
  };
}

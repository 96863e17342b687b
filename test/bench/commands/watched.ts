/** `npm run bench -- watched`. */
import { tmpdir } from 'node:os';
import type { Command } from 'commander';
import { workloadNames, type WorkloadName } from '../load/mixes.js';
import { headOf, lineOf, type Column } from '../report/table.js';
import { watched, type StateRow, type WatchedPlan, type WatchedReport } from '../watched.js';
import { durability, notNegative, oneOf, positive, wholeNumber } from './flags.js';
import { machine, print, showProgress, withDirectory, writeJson } from './surroundings.js';

interface WatchedFlags {
  readonly nodes: number;
  readonly keys: number;
  readonly size: number;
  readonly workload: WorkloadName;
  readonly inFlight: number;
  readonly rate?: number;
  readonly durability: string;
  readonly clients: number;
  readonly pairs: number;
  readonly seconds: number;
  readonly heat: number;
  readonly seed: number;
  readonly directory: string;
  readonly json?: string;
}

const columns: readonly Column<StateRow>[] = [
  { title: 'nodes are', width: 11, left: true, cell: (row) => row.state },
  { title: 'ops/s', width: 9, cell: (row) => String(row.opsPerSecond) },
  { title: '± %', width: 7, cell: (row) => row.spreadPercent.toFixed(1) },
  { title: 'p50 ms', width: 9, cell: (row) => row.p50Ms.toFixed(2) },
  { title: 'p99 ms', width: 9, cell: (row) => row.p99Ms.toFixed(2) },
  { title: 'server µs/op', width: 14, cell: (row) => row.cpuMicrosPerOp.toFixed(1) },
  { title: 'notes/s', width: 9, cell: (row) => String(row.notesPerSecond) },
  { title: 'unshown/s', width: 11, cell: (row) => String(row.unshownPerSecond) },
  { title: 'errors', width: 8, cell: (row) => String(row.errors) },
];

export function addWatched(program: Command): void {
  program
    .command('watched')
    .summary('what it costs that somebody watches the nodes')
    .description(
      'Puts a cluster under load and measures pairs of windows, A B B A: while nobody watches its nodes, and while one does as a dashboard does, charts and all.',
    )
    .option('--nodes <count>', 'of the cluster', wholeNumber, 3)
    .option('--keys <count>', 'distinct keys', wholeNumber, 10_000)
    .option('--size <bytes>', 'of values', wholeNumber, 1_000)
    .option('--workload <name>', `of ${workloadNames.join(', ')}`, oneOf(workloadNames), '50/50')
    .option('--in-flight <count>', 'requests in flight', wholeNumber, 64)
    .option('--rate <per second>', 'an open loop instead of so many in flight', wholeNumber)
    .option('--durability <when>', 'sync, periodic:MS', durability, 'sync')
    .option('--clients <count>', 'client processes that share the load', wholeNumber, 1)
    .option('--pairs <count>', 'of windows', wholeNumber, 10)
    .option('--seconds <seconds>', 'of each window', positive, 5)
    .option('--heat <seconds>', 'of load before anything is measured', notNegative, 20)
    .option('--seed <number>', 'of keys and values', wholeNumber, 1)
    .option('--directory <path>', 'where the data lies meanwhile', tmpdir())
    .option('--json <file>', 'write the report there')
    .addHelpText(
      'after',
      `
A closed loop shows what is lost in requests a second; an open one that the nodes can carry shows it in their CPU time alone.
What it costs that they can be watched, though nobody does: QUORATE_BENCH_BEFORE names a checkout from before, built, and
"npm run bench -- --systems quorate,before" runs both in turns.

Examples:
  npm run bench -- watched
  npm run bench -- watched --rate 10000 --json watched.json
  npm run bench -- watched --pairs 1 --seconds 1 --heat 0 --keys 100`,
    )
    .action(run);
}

async function run(flags: WatchedFlags): Promise<void> {
  const plan = planOf(flags);
  print(machine());
  const { rate, inFlight } = flags;
  const load = rate === undefined ? `${inFlight} in flight` : `${rate} a second`;
  print(
    `${plan.nodes} nodes, ${plan.keys} keys of ${plan.valueBytes} bytes, ${plan.workload}, ${load}, ${plan.durability}, ${plan.pairs} pairs of ${flags.seconds} s\n`,
  );
  await withDirectory(flags.directory, async (directory) => {
    const report = await watched({ plan, directory, onProgress: showProgress });
    showProgress('');
    print(headOf(columns));
    for (const row of report.rows) print(lineOf(columns, row));
    print(lossText(report));
    if (flags.json !== undefined) writeJson(flags.json, report);
  });
}

function lossText(report: WatchedReport): string {
  const { lostPercent, lostSpread, cpuMorePercent, cpuMoreSpread, told } = report;
  return `\nwatched: ${lostPercent} % (± ${lostSpread}) of the requests a second lost, ${cpuMorePercent} % (± ${cpuMoreSpread}) more CPU time of the servers; ${told.dropped} notes were dropped`;
}

function planOf(flags: WatchedFlags): WatchedPlan {
  const { nodes, keys, size, workload, inFlight, rate, clients, seed, pairs } = flags;
  return {
    nodes,
    keys,
    workload,
    clients,
    seed,
    pairs,
    valueBytes: size,
    load: rate === undefined ? { kind: 'closed', inFlight } : { kind: 'open', ratePerSecond: rate },
    durability: flags.durability,
    heatMs: 1000 * flags.heat,
    warmUpMs: 500,
    measureMs: 1000 * flags.seconds,
  };
}

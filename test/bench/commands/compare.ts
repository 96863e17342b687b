/** `npm run bench`: Quorate and its peers under the same load in the same run. */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { Command } from 'commander';
import { compare } from '../compare.js';
import { workloadNames, type WorkloadName } from '../load/mixes.js';
import {
  baseAxes,
  cellsOf,
  closed,
  distinctContenders,
  fullPlan,
  quickAxes,
  quickPlan,
  systemNames,
  type Load,
  type Plan,
  type SystemName,
} from '../plan.js';
import { plotOf } from '../report/plot.js';
import { rowOf, type Row } from '../report/rows.js';
import { tableHead, tableOf } from '../report/table.js';
import { redisIsInstalled } from '../systems/redis.js';
import { aboutAll } from '../systems/systems.js';
import { durability, listOf, notNegative, oneOf, positive, wholeNumber } from './flags.js';
import { machine, print, showProgress, withDirectory, writeJson } from './surroundings.js';

export interface CompareFlags {
  readonly quick?: true;
  readonly systems?: readonly SystemName[];
  readonly workloads?: readonly WorkloadName[];
  readonly sizes?: readonly number[];
  readonly inFlight?: readonly number[];
  readonly rate?: readonly number[];
  readonly w?: readonly number[];
  readonly r?: readonly number[];
  readonly durability?: readonly string[];
  readonly repetitions?: number;
  readonly seconds?: number;
  readonly heat?: number;
  readonly keys?: number;
  readonly clients?: number;
  readonly seed?: number;
  readonly directory: string;
  readonly json?: string;
  readonly svg?: string;
}

export function addCompare(program: Command): void {
  program
    .command('compare', { isDefault: true })
    .summary('the same load on Quorate and its peers (what runs unless told)')
    .description(
      'Measures Quorate against NATS JetStream KV, and Redis where it is installed: same load, same machine, same run.',
    )
    .option('--quick', 'fewer cells and shorter runs: under two minutes')
    .option('--systems <names>', `of ${systemNames.join(', ')}`, listOf(oneOf(systemNames)))
    .option('--workloads <names>', `of ${workloadNames.join(', ')}`, listOf(oneOf(workloadNames)))
    .option('--sizes <bytes>', 'of values', listOf(wholeNumber))
    .option('--in-flight <counts>', 'closed loop: requests in flight', listOf(wholeNumber))
    .option('--rate <rates>', 'open loop instead: requests started a second', listOf(positive))
    .option('--w <counts>', "Quorate's W", listOf(wholeNumber))
    .option('--r <counts>', "Quorate's R", listOf(wholeNumber))
    .option('--durability <when>', "Quorate's: sync, periodic:MS", listOf(durability))
    .option('--repetitions <count>', 'of each cell, interleaved between the systems', wholeNumber)
    .option('--seconds <seconds>', 'measured in each repetition', positive)
    .option('--heat <seconds>', 'of load on each system before anything is measured', notNegative)
    .option('--keys <count>', 'distinct keys of each size', wholeNumber)
    .option('--clients <count>', 'client processes that share the load', wholeNumber)
    .option('--seed <number>', 'of keys and values', wholeNumber)
    .option('--directory <path>', 'where the data lies meanwhile', tmpdir())
    .option('--json <file>', 'write the rows there')
    .option('--svg <file>', 'draw the rows there')
    .addHelpText(
      'after',
      `
Options that take several take them with commas between. Without any, several tables are measured: sizes and loads with all
peers, mixes, quorums, durabilities (an hour and a half). With one, everything chosen crosses with everything.

Latencies of an open loop count from when a request should have started. CPU µs/op sums user and system time of all servers,
nodes and clients over what was done; "servers" is that without the clients', "nats" what of it nats-server took; wire B/op what all of them sent by TCP; fsync/op what Quorate's logs count (nobody counts
the peers': Redis makes up to one a put, JetStream one in two minutes). "± %" is half of what the fastest and the slowest
repetition lie apart. "  : peer" is Quorate's figure divided by the peer's.
Systems that end in "-light" are driven by one raw client, the same for all: what is measured is the servers, not a library. Those
with "-synced" sync before each ack (nats-server 2.10 or newer, first in the PATH). "before" and its kinds are
the nodes and the client of another checkout, built, which QUORATE_BENCH_BEFORE names.
With QUORATE_BENCH_PROFILE=DIRECTORY all Node processes leave CPU profiles there.

Examples:
  npm run bench -- --quick
  npm run bench -- --workloads put --sizes 1000 --in-flight 256 --json rows.json --svg rows.svg
  npm run bench -- --workloads ycsb-a,ycsb-d --systems quorate,jetstream-kv-r3,redis --sizes 1000 --in-flight 64
  npm run bench -- --systems quorate --workloads put --w 1,2,3 --durability sync,periodic:100
  npm run bench -- --workloads put --sizes 1000 --rate 2000,5000
  QUORATE_BENCH_BEFORE=../before npm run bench -- --systems quorate,before,quorate-plain,before-plain --sizes 100 --in-flight 64`,
    )
    .action(run);
}

async function run(flags: CompareFlags): Promise<void> {
  const plan = withoutMissing(planOf(flags), flags);
  print(machine());
  for (const line of aboutAll(distinctContenders(plan.cells))) print(line);
  print(
    `${plan.cells.length} cells, ${plan.repetitions} × ${plan.measureMs / 1000} s each, ${plan.keys} keys a size, clients: ${plan.clients}, seed ${plan.seed}\n`,
  );
  const rows: Row[] = [];
  await withDirectory(flags.directory, (directory) =>
    compare({
      plan,
      directory,
      onProgress: showProgress,
      onCell: (measured) => {
        const cellRows = measured.map(rowOf);
        showProgress('');
        if (rows.length === 0) print(tableHead());
        rows.push(...cellRows);
        print(tableOf(cellRows));
      },
    }),
  );
  if (flags.json !== undefined) writeJson(flags.json, rows);
  if (flags.svg !== undefined) writeFileSync(flags.svg, plotOf(rows));
}

export function planOf(flags: CompareFlags): Plan {
  const base = flags.quick === true ? quickPlan : fullPlan;
  const { systems, workloads, sizes, inFlight, rate, w, r } = flags;
  const chosen = [systems, workloads, sizes, inFlight, rate, w, r, flags.durability];
  const axes = flags.quick === true ? quickAxes : baseAxes;
  const cells = chosen.every((choice) => choice === undefined)
    ? base.cells
    : cellsOf({
        systems: systems ?? axes.systems,
        workloads: workloads ?? axes.workloads,
        valueBytes: sizes ?? axes.valueBytes,
        loads: loadsOf(flags) ?? axes.loads,
        w: w ?? axes.w,
        r: r ?? axes.r,
        durabilities: flags.durability ?? axes.durabilities,
      });
  return {
    cells,
    repetitions: flags.repetitions ?? base.repetitions,
    heatMs: flags.heat === undefined ? base.heatMs : flags.heat * 1000,
    warmUpMs: base.warmUpMs,
    measureMs: flags.seconds === undefined ? base.measureMs : flags.seconds * 1000,
    keys: flags.keys ?? base.keys,
    clients: flags.clients ?? base.clients,
    seed: flags.seed ?? base.seed,
  };
}

function loadsOf({ inFlight, rate }: CompareFlags): Load[] | undefined {
  if (inFlight === undefined && rate === undefined) return undefined;
  const open = (rate ?? []).map((ratePerSecond): Load => ({ kind: 'open', ratePerSecond }));
  return [...closed(...(inFlight ?? [])), ...open];
}

/** Redis is a peer where it is installed, and missed only by who asked for it. */
function withoutMissing(plan: Plan, flags: CompareFlags): Plan {
  const wanted = distinctContenders(plan.cells).some(({ system }) => system === 'redis');
  if (!wanted || redisIsInstalled()) return plan;
  if (flags.systems !== undefined) throw new Error('there is no redis-server on the PATH');
  print('redis-server is not installed: left out');
  const cells = plan.cells.map((cell) => ({
    ...cell,
    contenders: cell.contenders.filter(({ system }) => system !== 'redis'),
  }));
  return { ...plan, cells };
}

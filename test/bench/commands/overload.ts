/** `npm run bench -- overload`. */
import { tmpdir } from 'node:os';
import type { Command } from 'commander';
import { workloadNames, type WorkloadName } from '../load/mixes.js';
import { overload, type OverloadPlan, type OverloadStep } from '../overload.js';
import { fixed, systemNames, type SystemName } from '../plan.js';
import { errorsOf, headOf, lineOf, type Column } from '../report/table.js';
import { aboutAll } from '../systems/systems.js';
import { durability, listOf, notNegative, oneOf, positive, wholeNumber } from './flags.js';
import { machine, print, showProgress, withDirectory, writeJson } from './surroundings.js';

interface OverloadFlags {
  readonly quick?: true;
  readonly system: SystemName;
  readonly workload: WorkloadName;
  readonly size: number;
  readonly factors: readonly number[];
  readonly peak?: number;
  readonly w: number;
  readonly r: number;
  readonly durability: string;
  readonly keys: number;
  readonly clients: number;
  readonly seconds?: number;
  readonly heat?: number;
  readonly seed: number;
  readonly directory: string;
  readonly json?: string;
}

const columns: readonly Column<OverloadStep>[] = [
  { title: 'load', width: 8, cell: ({ factor }) => (factor === null ? 'peak' : `${factor} x`) },
  { title: 'offered/s', width: 10, cell: (step) => String(step.offeredPerSecond ?? '') },
  { title: 'done/s', width: 9, cell: (step) => String(step.goodputPerSecond) },
  { title: '% of peak', width: 10, cell: (step) => String(step.percentOfPeak) },
  { title: 'p50 ms', width: 9, cell: (step) => step.p50Ms.toFixed(1) },
  { title: 'p99 ms', width: 9, cell: (step) => step.p99Ms.toFixed(1) },
  { title: 'CPU µs/op', width: 10, cell: (step) => String(step.cpuMicrosPerOp) },
  { title: 'of clients', width: 11, cell: (step) => String(step.clientCpuMicrosPerOp) },
  { title: 'servers MB', width: 11, cell: (step) => String(step.serverMb) },
  { title: 'clients MB', width: 11, cell: (step) => String(step.clientMb) },
  { title: 'hints', width: 7, cell: (step) => String(step.hints ?? '?') },
  { title: 'nodes lost', width: 11, cell: (step) => String(step.nodesLost ?? '?') },
  { title: 'slow consumers', width: 15, cell: (step) => String(step.slowConsumers ?? '?') },
  { title: 'errors', width: 8, cell: (step) => String(step.errors) },
];

export function addOverload(program: Command): void {
  program
    .command('overload')
    .summary('more load than it can carry')
    .description(
      'Finds the peak in a closed loop, then offers multiples of it in an open loop; after the highest the lowest again, to see how soon the latency is as usual.',
    )
    .option('--quick', 'a minute instead of eight')
    .option('--system <name>', `of ${systemNames.join(', ')}`, oneOf(systemNames), 'quorate')
    .option('--workload <name>', `of ${workloadNames.join(', ')}`, oneOf(workloadNames), 'put')
    .option('--size <bytes>', 'of values', wholeNumber, 1_000)
    .option('--factors <numbers>', 'of the peak', listOf(positive), [0.5, 1, 1.5, 2, 3])
    .option('--peak <rate>', 'what the factors multiply, instead of what is measured', positive)
    .option('--w <count>', "Quorate's W", wholeNumber, 2)
    .option('--r <count>', "Quorate's R", wholeNumber, 2)
    .option('--durability <when>', "Quorate's: sync, periodic:MS", durability, 'sync')
    .option('--keys <count>', 'distinct keys', wholeNumber, 10_000)
    .option('--clients <count>', 'client processes that share the load', wholeNumber, 2)
    .option('--seconds <seconds>', 'of each step', positive)
    .option('--heat <seconds>', 'of load before anything is measured', notNegative)
    .option('--seed <number>', 'of keys and values', wholeNumber, 1)
    .option('--directory <path>', 'where the data lies meanwhile', tmpdir())
    .option('--json <file>', 'write the report there')
    .addHelpText(
      'after',
      `
The clients run on the same machine and take their share of it, a larger one the more they offer. Latencies are of what
succeeded, from when a request should have started. Back to usual: p99 at most twice that of the lowest load, three half
seconds in a row. The system quorate-plain is driven by plain request-reply of the NATS client, which holds nothing back.

Examples:
  npm run bench -- overload --quick
  npm run bench -- overload --workload get --json overload.json
  npm run bench -- overload --system quorate-plain --factors 0.5,1,3 --seconds 20`,
    )
    .action(run);
}

async function run(flags: OverloadFlags): Promise<void> {
  const plan = planOf(flags);
  print(machine());
  for (const line of aboutAll([plan.contender])) print(line);
  print(
    `${plan.workload}, ${plan.valueBytes} bytes, ${plan.keys} keys, ${plan.measureMs / 1000} s a step, clients: ${plan.clients}\n`,
  );
  print(headOf(columns));
  await withDirectory(flags.directory, async (directory) => {
    const report = await overload({ plan, directory, onProgress: showProgress, onStep });
    const { recoveredAfterMs, usualP99Ms, memoryRatio } = report;
    const back =
      recoveredAfterMs === null
        ? `not within ${plan.recoveryMs / 1000} s`
        : `after ${recoveredAfterMs / 1000} s`;
    print(`\nmemory of the servers under the highest load: ${memoryRatio} x that at the peak`);
    print(`p99 back to usual (${usualP99Ms.toFixed(1)} ms): ${back}`);
    if (flags.json !== undefined) writeJson(flags.json, report);
  });
}

function onStep(step: OverloadStep): void {
  showProgress('');
  print(lineOf(columns, step) + errorsOf(step.errorsByCode));
}

function planOf(flags: OverloadFlags): OverloadPlan {
  const { quick = false, system, workload, w, r, seconds, heat } = flags;
  const quorum = fixed[system] ?? { w, r, durability: flags.durability };
  return {
    contender: { system, ...quorum },
    workload,
    valueBytes: flags.size,
    keys: flags.keys,
    clients: flags.clients,
    seed: flags.seed,
    peakInFlight: [256, 1024],
    peakPerSecond: flags.peak,
    factors: flags.factors,
    heatMs: 1000 * (heat ?? (quick ? 6 : 20)),
    measureMs: 1000 * (seconds ?? (quick ? 3 : 60)),
    recoveryMs: quick ? 8_000 : 30_000,
  };
}

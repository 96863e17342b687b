/** `npm run bench`: Quorate and its peer under the same load in the same run. See `--help`. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import {
  cellsOf,
  fullPlan,
  quickPlan,
  workloads,
  type Plan,
  type SystemName,
  type WorkloadName,
} from './plan.js';
import { rowOf, type Row } from './report/rows.js';
import { tableHead, tableOf } from './report/table.js';
import { run } from './run.js';
import { jetStreamKv } from './systems/jetstream-kv.js';
import { quorate } from './systems/quorate.js';
import type { System } from './systems/system.js';

interface Flags {
  readonly quick?: true;
  readonly systems?: readonly string[];
  readonly workloads?: readonly WorkloadName[];
  readonly sizes?: readonly number[];
  readonly inFlight?: readonly number[];
  readonly repetitions?: number;
  readonly seconds?: number;
  readonly keys?: number;
  readonly w?: number;
  readonly r?: number;
  readonly durability?: string;
  readonly seed?: number;
  readonly directory: string;
  readonly json?: string;
}

// As `up` does for the server it starts: the servers of both systems collect garbage equally seldom.
process.env['GOGC'] ??= '400';

const systems: Readonly<Record<SystemName, (plan: Plan) => System>> = {
  quorate,
  'jetstream-kv-r3': jetStreamKv,
};

const program = new Command('bench')
  .description(
    'Measures Quorate against NATS JetStream KV with three replicas: same load, same machine, same run.',
  )
  .option('--quick', 'fewer cells and shorter runs: under two minutes')
  .option(
    '--systems <names>',
    `of ${Object.keys(systems).join(', ')}`,
    listOf(oneOf(Object.keys(systems))),
  )
  .option('--workloads <names>', `of ${workloads.join(', ')}`, listOf(oneOf(workloads)))
  .option('--sizes <bytes>', 'of values', listOf(wholeNumber))
  .option('--in-flight <counts>', 'requests the client keeps in flight', listOf(wholeNumber))
  .option('--repetitions <count>', 'of each cell, interleaved between the systems', wholeNumber)
  .option('--seconds <seconds>', 'measured in each repetition', Number)
  .option('--keys <count>', 'distinct keys of each size', wholeNumber)
  .option('--w <count>', "Quorate's W", wholeNumber)
  .option('--r <count>', "Quorate's R", wholeNumber)
  .option('--durability <when>', "Quorate's: sync, or periodic:MS")
  .option('--seed <number>', 'of keys and values', wholeNumber)
  .option('--directory <path>', 'where the data lies meanwhile', tmpdir())
  .option('--json <file>', 'write the rows there')
  .addHelpText(
    'after',
    `
CPU µs/op sums user and system time of nats-server, nodes and client over what was done. The line "ratio" is Quorate's
figure divided by the peer's. "± %" is half of what the fastest and the slowest repetition lie apart.
With QUORATE_BENCH_PROFILE=DIRECTORY all Node processes leave CPU profiles there.

Examples:
  npm run bench -- --quick
  npm run bench -- --workloads put --sizes 1000 --in-flight 256 --json rows.json
  npm run bench -- --systems quorate --durability periodic:100`,
  )
  .action(bench);

async function bench(flags: Flags): Promise<void> {
  const plan = planOf(flags);
  const chosen = plan.systems.map((name) => systems[name](plan));
  print(
    `${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}`,
  );
  for (const { name, about } of chosen) print(`${name}: ${about}`);
  print(
    `${plan.cells.length} cells, ${plan.repetitions} × ${plan.measureMs / 1000} s each, ${plan.keys} keys a size, seed ${plan.seed}\n`,
  );
  mkdirSync(flags.directory, { recursive: true });
  const directory = mkdtempSync(join(flags.directory, 'quorate-bench-'));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  process.once('exit', remove);
  // Children and data go when the process exits, which it would not do in order on a signal.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const rows: Row[] = [];
  try {
    let headed = false;
    await run({
      plan,
      systems: chosen,
      directory,
      onProgress,
      onCell: (measured) => {
        const cellRows = measured.map(rowOf);
        rows.push(...cellRows);
        onProgress('');
        if (!headed) print(tableHead());
        headed = true;
        print(tableOf(cellRows));
      },
    });
  } finally {
    remove();
  }
  if (flags.json !== undefined)
    writeFileSync(flags.json, `${JSON.stringify(rows, undefined, 1)}\n`);
}

/** One line that is overwritten; nothing where nobody watches. */
function onProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

function planOf(flags: Flags): Plan {
  const base = flags.quick === true ? quickPlan : fullPlan;
  const distinct = <T>(of: (cell: Plan['cells'][number]) => T): T[] => [
    ...new Set(base.cells.map(of)),
  ];
  return {
    systems: (flags.systems as SystemName[] | undefined) ?? base.systems,
    cells: cellsOf({
      workloads: flags.workloads ?? distinct((cell) => cell.workload),
      valueBytes: flags.sizes ?? distinct((cell) => cell.valueBytes),
      inFlight: flags.inFlight ?? distinct((cell) => cell.inFlight),
    }),
    repetitions: flags.repetitions ?? base.repetitions,
    heatMs: base.heatMs,
    warmUpMs: base.warmUpMs,
    measureMs: flags.seconds === undefined ? base.measureMs : flags.seconds * 1000,
    keys: flags.keys ?? base.keys,
    w: flags.w ?? base.w,
    r: flags.r ?? base.r,
    durability: flags.durability ?? base.durability,
    seed: flags.seed ?? base.seed,
  };
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('a whole number from 1');
  return value;
}

function oneOf<T extends string>(names: readonly T[]): (text: string) => T {
  return (text) => {
    const name = names.find((known) => known === text);
    if (name === undefined) throw new InvalidArgumentError(`one of ${names.join(', ')}`);
    return name;
  };
}

function listOf<T>(parse: (text: string) => T): (text: string) => T[] {
  return (text) => text.split(',').map((part) => parse(part.trim()));
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

await program.parseAsync();

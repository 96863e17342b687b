/** `npm run simulate`: replay one seed, or search many. See README.md beside this file. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, resolve } from 'node:path';
import { Command } from 'commander';
import { exitCodes, type Violation } from './oracle/violations.js';
import { Progress } from './progress.js';
import { runCaught, type SeedReport } from './run-seed.js';
import { parseScenario, runScenario, type Watching } from './scenario/scenario.js';
import { search, seedsFrom } from './search.js';
import { shrink } from './shrink.js';
import { failureLine, Tally } from './tally.js';
import { RunFile, withPassingFile } from './trace/run-file.js';
import type { WorldResult } from './world.js';
import {
  changesMark,
  dataMark,
  drawWorld,
  kindOf,
  moreMark,
  type WorldOptions,
} from './world-options.js';

interface Flags {
  readonly scenario?: string;
  readonly seed?: string;
  readonly trace?: boolean;
  readonly traceFile?: string;
  readonly view?: boolean;
  readonly digest?: boolean;
  readonly brief?: boolean;
  readonly shrink: boolean;
  readonly seeds?: string;
  readonly from?: string;
  readonly more?: boolean;
  readonly changes?: boolean;
  readonly data?: boolean;
  readonly minutes?: string;
  readonly jobs?: string;
  readonly sometimes?: boolean;
}

const shrinkRunsMax = 150;
/** Where neither a count nor a time is given. */
const seedsDefault = 100;
/** A search that has found so much need not go on. */
const failuresMax = 5;
/** What was asked for makes no sense. */
const usageError = 2;

async function main(): Promise<number> {
  const flags = new Command('simulate')
    .description('Runs simulated clusters: the product on virtual time, with faults.')
    .option('--seed <seed>', 'run this seed alone')
    .option('--scenario <file>', 'run this script')
    .option('--trace', 'print every event')
    .option(
      '--trace-file <file>',
      'write what happened to this file, for the page to show; some requests of plain clients are put under the glass, up to twenty a second and a thousand in all',
    )
    .option(
      '--view',
      'show it on a page on this machine, until Ctrl-C; implies --no-shrink, and is the same run to the byte',
    )
    .option(
      '--digest',
      'print only the hashes of the traces, one seed after the other in this process',
    )
    .option('--brief', 'with --digest: only the first seconds of the work of each seed')
    .option('--no-shrink', 'do not look for the shortest fault list that fails')
    .option('--seeds <count>', 'run so many seeds')
    .option('--from <seed>', 'the first of them; default: by the clock')
    .option('--more', 'draw what is newer as well: their seeds end with +')
    .option('--changes', 'the membership changes: their seeds end with ~')
    .option('--data', 'more is done with data: their seeds end with ^')
    .option('--minutes <minutes>', 'begin no seed after so long')
    .option('--jobs <count>', 'worker processes; default: one a core')
    .option('--sometimes', 'fail when a named rare situation was never reached')
    .parse()
    .opts<Flags>();
  const { scenario, seed } = flags;
  if (scenario !== undefined) return filed(flags, (file) => playScenario(scenario, flags, file));
  if (flags.digest === true) return printDigests(flags);
  if (seed !== undefined) return filed(flags, (file) => replay(seed, flags, file));
  if (flags.view !== true && flags.traceFile === undefined) return searchSeeds(flags);
  process.stderr.write('--view and --trace-file are of one --seed or --scenario\n');
  return usageError;
}

/** Runs with a file where one is wanted, and shows it: what came of the run is said by then. */
async function filed(
  { traceFile, view }: Flags,
  run: (file: RunFile | undefined) => Promise<number>,
): Promise<number> {
  const shown = async (path: string): Promise<number> => {
    const file = new RunFile(path);
    const code = await run(file);
    if (view === true) await file.show();
    return code;
  };
  if (traceFile !== undefined) return shown(resolve(traceFile));
  return view === true ? withPassingFile(shown) : run(undefined);
}

async function playScenario(
  path: string,
  flags: Flags,
  file: RunFile | undefined,
): Promise<number> {
  const scenario = parseScenario(readFileSync(path, 'utf8'));
  const problem = await runScenario(scenario, {}, watchingOf(flags, file));
  await file?.write(`scenario ${basename(path)}: ${scenario.title}`);
  process.stdout.write(`${problem ?? 'as expected'}\n`);
  return problem === undefined ? 0 : exitCodes.safety;
}

function watchingOf({ trace }: Flags, file: RunFile | undefined): Watching {
  return {
    ...(trace === true && { onLine: printLine }),
    ...(file && { onCluster: file.onCluster }),
  };
}

async function printDigests(flags: Flags): Promise<number> {
  const { seed, from = seed ?? '1', seeds = '1', brief } = flags;
  for (let next = Number(from); next < Number(from) + Number(seeds); next++) {
    const drawn = drawWorld(`${next}`);
    const { digest } = await runCaught(brief === true ? briefly(drawn) : drawn);
    process.stdout.write(`${next} ${digest}\n`);
  }
  return 0;
}

/** The shape of the seed at a fraction of its cost; its faults come as early as they can. */
function briefly(world: WorldOptions): WorldOptions {
  const workUs = 3e6;
  const firstUs = world.faults[0]?.atUs ?? 0;
  const faults = world.faults.map(({ atUs, text }) => ({ atUs: atUs - firstUs, text }));
  return {
    ...world,
    workUs,
    faults,
    core: world.core.length < 4 ? world.core : world.core.slice(1),
  };
}

async function replay(seed: string, flags: Flags, file: RunFile | undefined): Promise<number> {
  const options = drawWorld(seed);
  const result = await runCaught(options, watchingOf(flags, file));
  await file?.write(`seed ${seed}`);
  printOptions(options);
  printResult(result);
  if (result.violation === undefined) return 0;
  if (flags.trace !== true) printTail(result);
  if (flags.shrink && flags.view !== true) await printShrunk(options, result.violation);
  return exitCodes[result.violation.kind];
}

async function printShrunk(options: WorldOptions, violation: Violation): Promise<void> {
  const fails = async (variant: WorldOptions): Promise<boolean> =>
    (await runCaught(variant)).violation?.rule === violation.rule;
  const { options: least, runs } = await shrink(options, fails, shrinkRunsMax);
  const { faults, clients, workUs, forger, lateFounderFaults = [] } = least;
  process.stdout.write(
    `\nshortest that still breaks '${violation.rule}' (${runs} runs): ${clients} clients, ${workUs / 1e6} s, ${faults.length} of ${options.faults.length} faults${forger === undefined ? '' : ', the forger'}${lateFounderFaults.length === 0 ? '' : ', the late founder'}\n`,
  );
  for (const { atUs, text } of faults) process.stdout.write(`  at ${atUs / 1e6}s ${text}\n`);
}

async function searchSeeds(flags: Flags): Promise<number> {
  const from = flags.from === undefined ? Math.floor(Date.now() / 1000) : Number(flags.from);
  const seeds = flags.seeds === undefined ? Infinity : Number(flags.seeds);
  const msMax = flags.minutes === undefined ? Infinity : Number(flags.minutes) * 60_000;
  const jobs = flags.jobs === undefined ? availableParallelism() : Number(flags.jobs);
  const count = Number.isFinite(msMax) || Number.isFinite(seeds) ? seeds : seedsDefault;
  const tally = new Tally(from, count);
  const progress = new Progress(tally, process.stderr);
  const onReport = (report: SeedReport): void => {
    tally.add(report);
    if (report.violation !== undefined) {
      progress.clear();
      process.stdout.write(`${failureLine(report)}\n`);
    }
    progress.moved();
  };
  const wanted = (): boolean => tally.failures.length < failuresMax;
  const interruption = new AbortController();
  let interruptedBy: NodeJS.Signals | undefined;
  const interrupt = (signal: NodeJS.Signals): void => {
    interruptedBy ??= signal;
    interruption.abort();
  };
  // Once: who asks again does not want to wait for a tally.
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  process.stderr.write(`seeds from ${from} on, ${jobs} at once\n`);
  const { signal } = interruption;
  const mark = markOf(flags);
  const names = seedsFrom(from, count, mark);
  await search({ seeds: names, msMax, jobs, onReport, wanted, signal });
  progress.end();
  process.stdout.write(`${tally.summary(progress.realMs, { interruptedBy })}\n`);
  return tally.exitCode({ demandSometimes: flags.sometimes === true, interruptedBy });
}

function markOf({ changes, data, more }: Flags): string {
  if (changes === true) return changesMark;
  if (data === true) return dataMark;
  return more === true ? moreMark : '';
}

function printOptions(options: WorldOptions): void {
  const { seed, cluster, work, clients, workUs, core, faults } = options;
  const { forger, lateFounderFaults = [] } = options;
  const { nodes, partitions, mapping, latencyUs, syncUs } = cluster;
  process.stdout.write(
    `kind of world: ${kindOf(seed) ?? 'any'}\n${nodes} nodes, ${partitions} partitions, mapping ${mapping ? 'on' : 'off'}, latency ${latencyUs} us, sync ${syncUs} us\n` +
      `${clients} clients for ${workUs / 1e6} s: ${JSON.stringify(work)}\n` +
      (forger === undefined ? '' : `a forger: ${JSON.stringify(forger)}\n`) +
      `core: ${core.join(' ')}\n`,
  );
  if (lateFounderFaults.length > 0) process.stdout.write('once LATE has agreed to the cluster:\n');
  for (const { atUs, text } of lateFounderFaults)
    process.stdout.write(`  at ${atUs / 1e6}s ${text}\n`);
  process.stdout.write('faults:\n');
  for (const { atUs, text } of faults) process.stdout.write(`  at ${atUs / 1e6}s ${text}\n`);
}

function printResult(result: WorldResult): void {
  const { requests, virtualUs, steps, digest, tally } = result;
  process.stdout.write(
    `${requests} requests, ${virtualUs / 1e6} virtual seconds, ${steps} steps, trace ${digest}\n${[...tally].map(([what, count]) => `  ${what}: ${count}`).join('\n')}\n`,
  );
  for (const { kind, rule, what, timeUs } of result.violations)
    process.stdout.write(`${kind.toUpperCase()} at ${timeUs / 1e6}s, ${rule}: ${what}\n`);
}

function printTail({ trace }: WorldResult): void {
  const lines = trace.split('\n').slice(-60);
  process.stdout.write(`\nlast of the trace:\n${lines.map(readable).join('\n')}\n`);
}

function printLine(line: string): void {
  process.stdout.write(readable(line));
}

/** µs as seconds, in front of who and what. */
function readable(line: string): string {
  const at = line.indexOf(' ');
  return at <= 0 ? line : `${(Number(line.slice(0, at)) / 1e6).toFixed(6)}${line.slice(at)}`;
}

process.exitCode = await main();

/**
 * `npm run simulate:mutants`: every wrong version of `mutants.ts` must be caught by the search.
 * Prints the seed that caught it and how long that took; fails when one is not caught within its
 * share of seeds. As many are hunted at once as there are cores. Each is run on the seed that
 * caught it before (`known-seeds.ts`), or else on the scenario that was written against it, or
 * against the test that it names, then on fresh seeds.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { exitCodes } from '../oracle/violations.js';
import { parseScenario } from '../scenario/scenario.js';
import { search, seedsFrom } from '../search.js';
import type { SeedReport } from '../run-seed.js';
import { dataMark, kindOf, moreMark } from '../world-options.js';
import { knownSeeds } from './known-seeds.js';
import type { Mutant } from './mutant.js';
import { mutantOf, mutants } from './mutants.js';
import {
  exitOfScenario,
  failuresOf,
  mutantArgv,
  mutantEnv,
  scenarioFolder,
} from './with-mutant.js';

interface Flags {
  readonly only?: string;
  readonly seeds: string;
  readonly from: string;
  readonly jobs?: string;
  readonly known: boolean;
}

const flags = new Command('simulate:mutants')
  .description('Runs the simulator against wrong versions of the product.')
  .option('--only <names>', 'these mutants, separated by commas')
  .option('--seeds <count>', 'fresh seeds to try for each', '250')
  .option('--from <seed>', 'the first of them', '1')
  .option('--jobs <count>', 'mutants at once; default: one a core')
  .option(
    '--no-known',
    'fresh seeds alone: nothing that caught them before, no scenario and no test',
  )
  .parse()
  .opts<Flags>();

const startedMs = Date.now();
const escaped: string[] = [];
let byScenario = 0;
let byTest = 0;
const chosen = flags.only === undefined ? [...mutants] : flags.only.split(',').map(mutantOf);
const left = chosen.values();
const jobs = flags.jobs === undefined ? availableParallelism() : Number(flags.jobs);
await Promise.all(Array.from({ length: jobs }, huntNext));
process.stdout.write(
  `${chosen.length - escaped.length} of ${chosen.length} caught (${byScenario} by a scenario, ${byTest} by a test), ${secondsSince(startedMs)} s${escaped.length === 0 ? '' : `; not caught: ${escaped.join(' ')}`}\n`,
);
process.exitCode = escaped.length === 0 ? 0 : 1;

/** One worker's share: the next mutant, until none is left. */
async function huntNext(): Promise<void> {
  for (const mutant of left) await hunt(mutant);
}

async function hunt(mutant: Mutant): Promise<void> {
  const { name } = mutant;
  const huntStartedMs = Date.now();
  let tried = 0;
  let crashed = 0;
  let caught: SeedReport | undefined;
  const known = flags.known ? knownSeeds[name] : undefined;
  const told = flags.known && known === undefined ? await diesElsewhere(mutant) : undefined;
  if (told instanceof Error) {
    process.stdout.write(`${name.padEnd(36)} NOT CAUGHT: ${told.message}\n`);
    escaped.push(name);
    return;
  }
  if (told !== undefined) {
    process.stdout.write(`${name.padEnd(36)} ${told}, ${secondsSince(huntStartedMs)} s\n`);
    return;
  }
  await search({
    seeds: seedsOf(mutant, known),
    msMax: Infinity,
    jobs: 1,
    execArgv: mutantArgv(),
    env: mutantEnv(name),
    onReport: (report) => {
      tried++;
      const { violation } = report;
      if (violation === undefined) return;
      // A mutant that merely crashes shows nothing about the oracles.
      if (violation.kind === 'crash' && mutant.crashes !== true) crashed++;
      else caught ??= report;
    },
    wanted: () => caught === undefined,
  });
  const found: SeedReport | undefined = caught;
  const verdict =
    found === undefined
      ? `NOT CAUGHT (${crashed} crashes)`
      : `seed ${found.seed}, ${found.violation!.kind} (${found.violation!.rule})`;
  process.stdout.write(
    `${name.padEnd(36)} ${verdict}, ${tried} seeds, ${secondsSince(huntStartedMs)} s\n`,
  );
  if (found === undefined) escaped.push(name);
}

/**
 * By which scenario or test; `npm test` sees that both pass without the mutant. An Error: its test
 * was not run to its end.
 */
async function diesElsewhere(mutant: Mutant): Promise<string | Error | undefined> {
  const { name, test } = mutant;
  const scenario = scenarioAgainst(name);
  if (scenario !== undefined && (await exitOfScenario(name, scenario)) === exitCodes.safety) {
    byScenario++;
    return `scenario ${scenario}`;
  }
  if (test === undefined) return undefined;
  const failures = await failuresOf(mutant, test).catch((error: unknown) => error as Error);
  if (failures instanceof Error) return failures;
  if (failures === 0) return undefined;
  byTest++;
  return `test ${test}`;
}

function scenarioAgainst(name: string): string | undefined {
  return readdirSync(scenarioFolder).find((file) =>
    parseScenario(readFileSync(scenarioFolder + file, 'utf8')).controls.includes(`mutant ${name}`),
  );
}

function* seedsOf(mutant: Mutant, known: string | undefined): Generator<string, undefined> {
  if (known !== undefined) yield known;
  let left = Number(flags.seeds);
  const mark = mutant.data === true ? dataMark : mutant.more === true ? moreMark : '';
  for (const seed of seedsFrom(Number(flags.from), Infinity, mark)) {
    if (left === 0) break;
    if (mutant.in !== undefined && kindOf(seed) !== mutant.in) continue;
    left--;
    yield seed;
  }
  return undefined;
}

function secondsSince(startMs: number): string {
  return ((Date.now() - startMs) / 1000).toFixed(1);
}

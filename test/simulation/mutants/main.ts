/**
 * `npm run simulate:mutants`: every wrong version of `mutants.ts` must be caught by the search. Prints the seed that caught it and
 * how long that took; fails when one is not caught within its share of seeds.
 */
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { search } from '../search.js';
import type { SeedReport } from '../run-seed.js';
import { mutantOf, mutants } from './mutants.js';
import { mutantArgv, mutantEnv } from './with-mutant.js';

interface Flags {
  readonly only?: string;
  readonly seeds: string;
  readonly from: string;
  readonly jobs?: string;
}

const flags = new Command('simulate:mutants')
  .description('Runs the simulator against wrong versions of the product.')
  .option('--only <names>', 'these mutants, separated by commas')
  .option('--seeds <count>', 'seeds to try for each', '400')
  .option('--from <seed>', 'the first of them', '1')
  .option('--jobs <count>', 'worker processes; default: one a core')
  .parse()
  .opts<Flags>();

let escaped = 0;
const chosen = flags.only === undefined ? mutants : flags.only.split(',').map(mutantOf);
for (const { name } of chosen) {
  const startedMs = Date.now();
  let tried = 0;
  let caught: SeedReport | undefined;
  await search({
    from: Number(flags.from),
    seeds: Number(flags.seeds),
    msMax: Infinity,
    jobs: flags.jobs === undefined ? availableParallelism() : Number(flags.jobs),
    execArgv: mutantArgv(),
    env: mutantEnv(name),
    onReport: (report) => {
      tried++;
      if (report.violation !== undefined) caught ??= report;
    },
    wanted: () => caught === undefined,
  });
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
  const found: SeedReport | undefined = caught;
  const verdict =
    found === undefined
      ? 'NOT CAUGHT'
      : `seed ${found.seed}, ${found.violation!.kind} (${found.violation!.rule})`;
  process.stdout.write(`${name.padEnd(36)} ${verdict}, ${tried} seeds, ${seconds} s\n`);
  if (found === undefined) escaped++;
}
process.stdout.write(`${chosen.length - escaped} of ${chosen.length} caught\n`);
process.exitCode = escaped === 0 ? 0 : 1;

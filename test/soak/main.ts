/**
 * `npm run soak`: fresh seeds of the simulator, then real processes on a network of their own, in
 * trouble for a long time, then mutants of valid messages. See README.md beside this file.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { findNatsServerProgram } from '../../src/cli/nats-server-finder.js';
import { fuzz } from '../fuzz/fuzz.js';
import type { Violation } from './records.js';
import { restMsUsual, troubleKinds, type TroubleKind } from './schedule.js';
import { soak, type SoakReport } from './soak.js';

interface Flags {
  readonly seeds: string;
  readonly minutes: string;
  readonly fuzz: string;
  readonly seed: string;
  readonly nodes: string;
  readonly network: 'auto' | 'namespaces' | 'relays';
  readonly only?: string;
  readonly changes: string;
  readonly spareServers?: boolean;
  readonly rest: string;
  readonly schedule?: string;
  readonly natsServer?: string;
  readonly keep?: boolean;
}

const exitCodes = { clean: 0, violated: 11 } as const;
/** Of each rule, and of what a violation says. */
const shownEach = 5;
const columnsMax = 300;

async function main(): Promise<number> {
  const flags = new Command('soak')
    .description(
      'Searches fresh seeds of the simulator; runs a cluster of real processes on a network of its own, with faults, and checks what users were promised; then sends mutants of valid messages to real nodes.',
    )
    .option('--seeds <count>', 'of the simulator, to begin with; 0: none', '1000')
    .option(
      '--minutes <minutes>',
      'how long clients of real processes work; 0: no such cluster',
      '20',
    )
    .option('--fuzz <cases>', 'mutants to send afterwards; 0: none', '100000')
    .option('--seed <seed>', 'of all that is drawn', String(Math.floor(Date.now() / 1000)))
    .option('--nodes <count>', 'nodes of the cluster', '5')
    .addOption(
      new Option('--network <kind>', 'namespaces need root, iproute2 and nftables')
        .choices(['auto', 'namespaces', 'relays'])
        .default('auto'),
    )
    .option('--only <kinds>', `kinds of trouble, by commas: ${troubleKinds.join(' ')}`)
    .option('--changes <count>', 'nodes that join, leave, are replaced …, while clients work', '0')
    .option('--spare-servers', 'kills and standstills fall on nodes alone')
    .option('--rest <seconds>', 'from one trouble to the next at most', String(restMsUsual / 1_000))
    .option('--schedule <file>', 'troubles and changes as an earlier run wrote them down')
    .option('--nats-server <program>', 'another nats-server than the one that is found')
    .option('--keep', 'leave the directory of the run, also when nothing is wrong')
    .parse()
    .opts<Flags>();
  const searched = flags.seeds === '0' ? exitCodes.clean : await searchSeeds(flags);
  const soaked = flags.minutes === '0' ? exitCodes.clean : await soakFor(flags);
  const fuzzed = flags.fuzz === '0' ? exitCodes.clean : await sendMutants(flags);
  return Math.max(searched, soaked, fuzzed);
}

/** Seeds by the clock: it prints those that fail, and how each is played again. */
async function searchSeeds({ seeds }: Flags): Promise<number> {
  const simulate = fileURLToPath(new URL('../simulation/main.js', import.meta.url));
  const search = spawn(process.execPath, [simulate, '--seeds', seeds], { stdio: 'inherit' });
  const [code] = (await once(search, 'exit')) as [number | null];
  return code === 0 ? exitCodes.clean : exitCodes.violated;
}

async function soakFor(flags: Flags): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-soak-'));
  const interruption = new AbortController();
  process.once('SIGINT', () => interruption.abort()).once('SIGTERM', () => interruption.abort());
  const report = await soak({
    directory,
    seed: flags.seed,
    durationMs: Number(flags.minutes) * 60_000,
    nodes: Number(flags.nodes),
    network: flags.network,
    kinds: (flags.only?.split(',') as TroubleKind[] | undefined) ?? troubleKinds,
    changes: Number(flags.changes),
    sparesServers: flags.spareServers === true,
    restMsMax: Number(flags.rest) * 1_000,
    ...(flags.schedule === undefined ? {} : { schedule: readFileSync(flags.schedule, 'utf8') }),
    natsServer: flags.natsServer ?? (await findNatsServerProgram({ say: print })).path,
    signal: interruption.signal,
    say: print,
  });
  return conclude(report, { directory, keep: flags.keep === true });
}

function conclude(
  { violations, figures }: SoakReport,
  { directory, keep }: { readonly directory: string; readonly keep: boolean },
): number {
  print(figures);
  printViolations(violations);
  print(`${violations.length} violations`);
  if (violations.length === 0 && !keep) rmSync(directory, { recursive: true, force: true });
  else {
    writeFileSync(join(directory, 'violations.json'), JSON.stringify(violations, undefined, 1));
    print(`records, logs and the schedule are in ${directory}`);
  }
  return violations.length === 0 ? exitCodes.clean : exitCodes.violated;
}

function printViolations(violations: readonly Violation[]): void {
  for (const rule of new Set(violations.map((violation) => violation.rule))) {
    const own = violations.filter((violation) => violation.rule === rule);
    print(`VIOLATED ${own.length} times: ${rule}`);
    for (const { key, what } of own.slice(0, shownEach))
      print(`  ${key} ${what}`.slice(0, columnsMax));
  }
}

async function sendMutants({ fuzz: cases, seed }: Flags): Promise<number> {
  const { deaths, damage, ...figures } = await fuzz({ seed, cases: Number(cases), say: print });
  print(`fuzzer: ${JSON.stringify(figures)}`);
  for (const name of deaths) print(`DEAD: ${name}`);
  for (const what of damage.slice(0, shownEach)) print(`DAMAGED: ${what}`);
  return deaths.length + damage.length === 0 ? exitCodes.clean : exitCodes.violated;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exit(await main());

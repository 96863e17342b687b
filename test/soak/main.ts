/** `npm run soak`: real processes on a network of their own, in trouble for a long time. See README.md beside this file. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { findNatsServerProgram } from '../../src/cli/nats-server-finder.js';
import type { Violation } from './records.js';
import { troubleKinds, type TroubleKind } from './schedule.js';
import { soak, type SoakReport } from './soak.js';

interface Flags {
  readonly minutes: string;
  readonly seed?: string;
  readonly nodes: string;
  readonly network: 'auto' | 'namespaces' | 'relays';
  readonly only?: string;
  readonly schedule?: string;
  readonly natsServer?: string;
  readonly keep?: boolean;
}

const exitCodes = { clean: 0, violated: 11, interrupted: 130 } as const;

async function main(): Promise<number> {
  const flags = new Command('soak')
    .description(
      'Runs a cluster of real processes on a network of its own, with faults, and checks what users were promised.',
    )
    .option('--minutes <minutes>', 'how long clients work', '20')
    .option('--seed <seed>', 'of the schedule and of what clients do; default: by the clock')
    .option('--nodes <count>', 'nodes of the cluster', '5')
    .addOption(
      new Option('--network <kind>', 'namespaces need root, iproute2 and nftables')
        .choices(['auto', 'namespaces', 'relays'])
        .default('auto'),
    )
    .option('--only <kinds>', `kinds of trouble, by commas: ${troubleKinds.join(' ')}`)
    .option('--schedule <file>', 'troubles as an earlier run wrote them down')
    .option('--nats-server <program>', 'another nats-server than the one that is found')
    .option('--keep', 'leave the directory of the run, also when nothing is wrong')
    .parse()
    .opts<Flags>();
  const directory = mkdtempSync(join(tmpdir(), 'quorate-soak-'));
  const interruption = new AbortController();
  process.once('SIGINT', () => interruption.abort()).once('SIGTERM', () => interruption.abort());
  const report = await soak({
    directory,
    seed: flags.seed ?? String(Math.floor(Date.now() / 1000)),
    durationMs: Number(flags.minutes) * 60_000,
    nodes: Number(flags.nodes),
    network: flags.network,
    kinds: (flags.only?.split(',') as TroubleKind[] | undefined) ?? troubleKinds,
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

/** So many of each rule; all of them are in the file. */
const shownEach = 5;
const columnsMax = 300;

function printViolations(violations: readonly Violation[]): void {
  for (const rule of new Set(violations.map((violation) => violation.rule))) {
    const own = violations.filter((violation) => violation.rule === rule);
    print(`VIOLATED ${own.length} times: ${rule}`);
    for (const { key, what } of own.slice(0, shownEach))
      print(`  ${key} ${what}`.slice(0, columnsMax));
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exit(await main());

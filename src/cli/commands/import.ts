/** `quorate import`: moves a bucket of JetStream's key-value store over. */
import { Option, type Command } from 'commander';
import { importLimits } from '../../../actors/rules/limits/import.js';
import type { QuorateClient } from '../../client/client.js';
import { RealClock } from '../../seams/real-clock.js';
import { addDataOptions, withClient, type DataOptions } from '../data-options.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { natsOptions } from '../identity.js';
import { ImportBar } from '../import/import-bar.js';
import { ImportCourse, type ImportTotals } from '../import/import-course.js';
import { skippedText, SkippedKeys, totalsText, verdictText } from '../import/import-text.js';
import { JetStreamSource } from '../import/jetstream-source.js';
import { PositionFile } from '../import/position-file.js';
import type { SourceInfo } from '../import/source.js';
import { BucketTarget } from '../import/target.js';
import { verify, type Verdict } from '../import/verification.js';
import { printJson, printLine, say } from '../output.js';

import { listenForStop } from '../stop-signals.js';

interface ImportOptions extends DataOptions {
  readonly fromJetstream: string;
  readonly fromServers?: string;
  readonly fromUser?: string;
  readonly fromPassword?: string;
  readonly fromCreds?: string;
  readonly fromDomain?: string;
  readonly bucket?: string;
  readonly resume?: string;
  readonly verify: boolean;
}

const clock = new RealClock();

export function addImport(program: Command): void {
  const command = program
    .command('import')
    .summary('move a bucket of NATS JetStream over')
    .description(
      'Puts the last value of each key of a JetStream key-value bucket into a bucket of Quorate, with what is left of its lifetime. What was deleted there is deleted here. It may run while others write there: run it again with --resume, and it takes what has changed since. The source is only read. In the end it compares both, key by key.',
    )
    .requiredOption('--from-jetstream <bucket>', 'the bucket to read')
    .option('-b, --bucket <name>', 'the bucket to put into (default: of the same name)')
    .option(
      '--resume <file>',
      "keep in this file how far it has come, and go on from there; 'auto': ./quorate-import-BUCKET.json",
    )
    .option('--no-verify', 'do not compare both in the end')
    .addOption(
      new Option(
        '--from-servers <urls>',
        'NATS servers of the source (default: those of --servers)',
      ).env('FROM_NATS_URL'),
    )
    .addOption(new Option('--from-user <name>', 'NATS user there').env('FROM_NATS_USER'))
    .addOption(
      new Option('--from-password <text>', 'NATS password there').env('FROM_NATS_PASSWORD'),
    )
    .option('--from-creds <file>', 'a file of credentials for there')
    .option('--from-domain <name>', 'the domain of JetStream there');
  addDataOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate import --from-jetstream orders
  quorate import --from-jetstream orders -b shop-orders --resume auto
  quorate import --from-jetstream orders --from-servers nats://old:4222 --from-creds app.creds

Exit code 3: keys were left behind (their names or values are none for Quorate); 1: the two differ.`,
    )
    .action(importBucket);
}

async function importBucket(options: ImportOptions): Promise<void> {
  const name = options.fromJetstream;
  const target = options.bucket ?? name;
  const source = await openSource(name, options);
  try {
    const info = await source.info();
    const file = positionFile(options);
    const position = await file?.read(info, target);
    await withClient({ timeout: importLimits.putMsMax, ...options }, (client) =>
      new Import({ client, source, info, target, file, position, options }).run(),
    );
  } finally {
    await source.close();
  }
}

/** Unless told otherwise, with the credentials that are for the target, where both are one NATS. */
async function openSource(name: string, options: ImportOptions): Promise<JetStreamSource> {
  const { fromServers, fromUser, fromPassword, fromCreds, fromDomain: domain } = options;
  const { servers, ...target } = natsOptions(options);
  const { tls, ...known } = fromServers === undefined ? target : {};
  const place = { servers: fromServers ?? servers, tls, domain };
  if (fromCreds !== undefined)
    return JetStreamSource.open(name, { ...place, credsFile: fromCreds }, clock);
  if (fromUser === undefined && fromPassword === undefined)
    return JetStreamSource.open(name, { ...place, ...known }, clock);
  const { user, password } = known;
  const told = { user: fromUser ?? user, password: fromPassword ?? password };
  return JetStreamSource.open(name, { ...place, ...told }, clock);
}

function positionFile({ resume, fromJetstream }: ImportOptions): PositionFile | undefined {
  if (resume === undefined) return undefined;
  return new PositionFile(resume === 'auto' ? `quorate-import-${fromJetstream}.json` : resume);
}

interface ImportParts {
  readonly client: QuorateClient;
  readonly source: JetStreamSource;
  readonly info: SourceInfo;
  readonly target: string;
  readonly file: PositionFile | undefined;
  readonly position: number | undefined;
  readonly options: ImportOptions;
}

/** One run of the command, once both sides are there. */
class Import {
  private readonly target: BucketTarget;
  private readonly skipped = new SkippedKeys();
  private position: number | undefined;
  private positionFailure: unknown;

  constructor(private readonly parts: ImportParts) {
    this.target = new BucketTarget(parts.client.bucket(parts.target));
    this.position = parts.position;
  }

  async run(): Promise<void> {
    const { options, info } = this.parts;
    const { json } = options;
    const bar = new ImportBar(`import ${options.fromJetstream}`, clock);
    const course = this.course(bar);
    listenForStop({
      clock,
      supervised: false,
      onStop: () => course.stop(),
      onForce: () => process.exit(exitCodes.failed),
    });
    let isWhole = false;
    try {
      isWhole = await course.run();
    } finally {
      bar.end();
      await this.positionWritten();
      if (!isWhole) this.report(course.totals, undefined, false);
    }
    if (!isWhole) throw new CommandError(exitCodes.failed, `interrupted: ${this.goOn()}`);
    const verdict = options.verify ? await this.verdict() : undefined;
    this.report(course.totals, verdict, true);
    if (json !== true && info.maxAgeMs > 0) say(lifetimeAdvice(info.maxAgeMs, this.parts.target));
    this.end(course.totals, verdict);
  }

  private course(bar: ImportBar): ImportCourse {
    const { source, info, position } = this.parts;
    return new ImportCourse({
      source,
      target: this.target,
      clock,
      maxAgeMs: info.maxAgeMs,
      position,
      onProgress: ({ read }, pending) => bar.show({ done: read, total: read + pending }),
      onSkipped: (skipped) => this.skipped.add(skipped),
      onPosition: (sequence) => this.keep(sequence),
    });
  }

  private keep(sequence: number): void {
    const { file, info, target } = this.parts;
    this.position = sequence;
    const { stream, created } = info;
    file?.write({ stream, created, target, sequence }).catch((error: unknown) => {
      this.positionFailure = error;
    });
  }

  /** Not to know how far it has come is no reason to stop, but has to be said. */
  private async positionWritten(): Promise<void> {
    await this.parts.file?.written().catch(() => undefined);
    if (this.positionFailure !== undefined)
      say(`quorate: how far it has come is not kept: ${(this.positionFailure as Error).message}`);
  }

  private async verdict(): Promise<Verdict> {
    const { source, info, options } = this.parts;
    const bar = new ImportBar(`verify ${options.fromJetstream}`, clock);
    try {
      return await verify({
        source,
        target: this.target,
        clock,
        maxAgeMs: info.maxAgeMs,
        upTo: this.position ?? 0,
        onProgress: (read, pending) => bar.show({ done: read, total: read + pending }),
      });
    } finally {
      bar.end();
    }
  }

  private report(totals: ImportTotals, verdict: Verdict | undefined, isWhole: boolean): void {
    const { options, target, info } = this.parts;
    const { named } = this.skipped;
    if (totals.skipped > 0) say(skippedText(this.skipped, totals.skipped));
    if (options.json === true) {
      const { stream } = info;
      printJson({
        stream,
        bucket: target,
        complete: isWhole,
        ...totals,
        leftBehind: named,
        verdict,
      });
      return;
    }
    printLine(`${info.stream} into ${target}: ${totalsText(totals)}`);
    if (verdict !== undefined) printLine(verdictText(verdict));
  }

  private end(totals: ImportTotals, verdict: Verdict | undefined): void {
    if (verdict !== undefined && verdict.absent + verdict.different > 0)
      throw new CommandError(exitCodes.failed, 'the two buckets differ');
    const behind = Math.max(totals.skipped, verdict?.unfit ?? 0);
    if (behind > 0) throw new CommandError(exitCodes.refused, `${behind} keys were left behind`);
  }

  private goOn(): string {
    const { file } = this.parts;
    return file === undefined
      ? 'it begins anew when it is run again (--resume FILE would go on from here)'
      : `run it again with --resume ${file.path} to go on`;
  }
}

function lifetimeAdvice(maxAgeMs: number, bucket: string): string {
  return `The source keeps values for ${maxAgeMs} ms: each was put with what is left of that. For those to come: quorate bucket set ${bucket} --ttl ${maxAgeMs} (or create).`;
}

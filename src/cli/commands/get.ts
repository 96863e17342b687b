/** `quorate get`: prints a value, or all of them when writers did not know of each other. */
import type { Command } from 'commander';
import { commandLimits } from '../../../actors/rules/limits/command.js';
import type { ByteRange } from '../../client/big-values.js';
import { ConflictError, type Entry } from '../../client/entry.js';
import { NotFoundError } from '../../errors.js';
import { receiptText, type Receipt } from '../../wire/receipt.js';
import { addDataOptions, withClient } from '../data-options.js';
import { addTraceOptions, withGlass, type TraceOptions } from '../insight/traced.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { interruptible } from '../interruption.js';
import { printBytes, printJson, printLine, say, textOf } from '../output.js';
import { byteRange, quorumSize, wholeNumber } from '../parsers.js';
import { downloadToFile, downloadToStdout, type Download } from '../value-download.js';

interface GetCommandOptions extends TraceOptions {
  readonly r?: number;
  readonly sibling?: number;
  readonly siblings?: true;
  readonly file?: string;
  readonly range?: ByteRange;
}

interface Found {
  readonly bucket: string;
  readonly key: string;
  readonly entry: Entry<Uint8Array>;
}

export function addGet(program: Command): void {
  const command = program
    .command('get <bucket> <key>')
    .summary('print a value')
    .description(
      'Prints a value as it is, byte by byte, or writes it to a file. Where writers did not know of each other there are several: on a terminal it shows them all, else only with --siblings; no program takes a list for the value.',
    )
    .option('--r <count>', "nodes that must answer (default: the bucket's R)", quorumSize)
    .option(
      '--file <path>',
      'write it there; what an interrupted get has left of it is not fetched again',
    )
    .option('--range <bytes>', 'only these, from 0, such as 0-499 or 500-', byteRange)
    .option('--siblings', 'where there are several values, print all of them as a list')
    .option(
      '--sibling <number>',
      'only this one of several values, as it is',
      wholeNumber({ min: 1, max: commandLimits.siblingNumberMax }),
    );
  addTraceOptions(addDataOptions(command))
    .addHelpText(
      'after',
      `
Examples:
  quorate get carts alice
  quorate get photos me > me.jpg
  quorate get media trailer --file trailer.mkv
  quorate get media trailer --range 0-499
  quorate get carts alice --siblings | less
  quorate get carts alice --json     {"bucket","key","context","receipt","values":[{"text","base64"} or {"deleted":true}]}
  quorate get carts alice --r 3 --strict`,
    )
    .action(get);
}

async function get(bucket: string, key: string, options: GetCommandOptions): Promise<void> {
  const { r, strict, file, range } = options;
  if (file !== undefined || range !== undefined) {
    await download({ bucket, key }, options);
    return;
  }
  const entry = await withGlass(options, (client, trace) =>
    client.bucket(bucket).read(key, { r, strict, trace }),
  );
  if (options.json !== true && isOneBig(entry, options)) await download({ bucket, key }, options);
  else show({ bucket, key, entry }, options);
}

/** What is asked for is too large for a message. */
function isOneBig(entry: Entry<Uint8Array>, { sibling }: GetCommandOptions): boolean {
  if (sibling !== undefined) return entry.bigOf(sibling - 1) !== undefined;
  return entry.siblingCount === 1 && entry.big !== undefined;
}

async function download(
  { bucket, key }: Omit<Found, 'entry'>,
  options: GetCommandOptions,
): Promise<void> {
  const { r, strict, file, range, sibling } = options;
  const chosen = sibling === undefined ? undefined : sibling - 1;
  const name = `${bucket}/${key}`;
  try {
    const { context, receipt } = await interruptible((signal) =>
      withClient(options, (client) => {
        const open: Download['open'] = (wanted) =>
          client.bucket(bucket).getStream(key, { r, strict, sibling: chosen, signal, ...wanted });
        if (file === undefined) return downloadToStdout({ name, open }, range);
        return downloadToFile({ name, open }, file, range);
      }),
    );
    if (options.verbose === true) say(`${textOfReceipt(receipt)}\ncontext ${context.toString()}`);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    const count = error.entry.siblingCount;
    throw new CommandError(
      exitCodes.refused,
      `${name} has ${count} values: choose one with --sibling 1 to ${count}`,
    );
  }
}

function show(found: Found, options: GetCommandOptions): void {
  const { bucket, key, entry } = found;
  if (!entry.exists) throw new NotFoundError(`no such key: ${bucket}/${key}`);
  if (options.json === true) printJson(fieldsOf(found));
  else if (options.sibling !== undefined) printSibling(entry, options.sibling);
  else if (entry.siblingCount === 1) printBytes(entry.bytes());
  else if (options.siblings === true || process.stdout.isTTY) printSiblings(found);
  else throw severalValues(found);
  if (options.verbose === true) say(`${receiptOf(entry)}\ncontext ${entry.context.toString()}`);
}

function fieldsOf({ bucket, key, entry }: Found): Record<string, unknown> {
  const values = Array.from({ length: entry.siblingCount }, (_, at) => {
    const big = entry.bigOf(at);
    if (big !== undefined) return big;
    const bytes = entry.siblingAt(at)!;
    if (bytes === null) return { deleted: true };
    return { text: textOf(bytes), base64: Buffer.from(bytes).toString('base64') };
  });
  return { bucket, key, context: entry.context.toString(), receipt: receiptOf(entry), values };
}

function printSibling(entry: Entry<Uint8Array>, number: number): void {
  const bytes = entry.siblingAt(number - 1);
  if (bytes === undefined) {
    throw new CommandError(exitCodes.notFound, `there are ${entry.siblingCount} values`);
  }
  if (bytes === null) throw new CommandError(exitCodes.notFound, `value ${number} is a delete`);
  printBytes(bytes);
}

/** A file or a program is to have the value and nothing else. */
function severalValues({ bucket, key, entry }: Found): CommandError {
  const count = entry.siblingCount;
  return new CommandError(
    exitCodes.refused,
    `${bucket}/${key} has ${count} values: their writers did not know of each other. One of them as it is: --sibling 1 to ${count}; all as a list: --siblings; with the context that replaces them: --json`,
  );
}

function printSiblings({ bucket, key, entry }: Found): void {
  const count = entry.siblingCount;
  printLine(`${bucket}/${key} has ${count} values: their writers did not know of each other.`);
  for (let at = 0; at < count; at++) printOneOf(entry, at);
  printLine('---');
  say(`To keep one: quorate put ${bucket} ${key} VALUE --context ${entry.context.toString()}`);
}

function printOneOf(entry: Entry<Uint8Array>, at: number): void {
  const head = `--- ${at + 1} of ${entry.siblingCount}`;
  const big = entry.bigOf(at);
  if (big !== undefined) {
    printLine(`${head}: ${big.size} bytes, had by --sibling ${at + 1} --file PATH`);
    return;
  }
  const bytes = entry.siblingAt(at)!;
  printLine(bytes === null ? `${head}: deleted` : head);
  if (bytes !== null) printLine(textOf(bytes) ?? `(${bytes.length} bytes that are not text)`);
}

function receiptOf(entry: Entry<Uint8Array>): string {
  return textOfReceipt(entry.receipt);
}

function textOfReceipt(receipt: Receipt | undefined): string {
  return receipt === undefined ? '' : receiptText(receipt);
}

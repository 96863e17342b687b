/** `quorate get`: prints a value, or all of them when writers did not know of each other. */
import type { Command } from 'commander';
import { commandLimits } from '../../../actors/rules/limits/command.js';
import type { Entry } from '../../client/entry.js';
import { NotFoundError } from '../../errors.js';
import { receiptText } from '../../wire/receipt.js';
import { addDataOptions } from '../data-options.js';
import { addTraceOptions, withGlass, type TraceOptions } from '../insight/traced.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { printBytes, printJson, printLine, say, textOf } from '../output.js';
import { quorumSize, wholeNumber } from '../parsers.js';

interface GetCommandOptions extends TraceOptions {
  readonly r?: number;
  readonly sibling?: number;
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
      'Prints a value as it is, byte by byte. Where writers did not know of each other there are several; it shows them all.',
    )
    .option('--r <count>', "nodes that must answer (default: the bucket's R)", quorumSize)
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
  quorate get carts alice --json     {"bucket","key","context","receipt","values":[{"text","base64"} or {"deleted":true}]}
  quorate get carts alice --r 3 --strict`,
    )
    .action(async (bucket: string, key: string, options: GetCommandOptions) => {
      const { r, strict } = options;
      const entry = await withGlass(options, (client, trace) =>
        client.bucket(bucket).read(key, { r, strict, trace }),
      );
      show({ bucket, key, entry }, options);
    });
}

function show(found: Found, options: GetCommandOptions): void {
  const { bucket, key, entry } = found;
  if (!entry.exists) throw new NotFoundError(`no such key: ${bucket}/${key}`);
  if (options.json === true) printJson(fieldsOf(found));
  else if (options.sibling !== undefined) printSibling(entry, options.sibling);
  else if (entry.siblings.length === 1) printBytes(entry.bytes());
  else printSiblings(found);
  if (options.verbose === true) say(`${receiptOf(entry)}\ncontext ${entry.context.toString()}`);
}

function fieldsOf({ bucket, key, entry }: Found): Record<string, unknown> {
  const values = entry.siblings.map((bytes) => {
    if (bytes === null) return { deleted: true };
    return { text: textOf(bytes), base64: Buffer.from(bytes).toString('base64') };
  });
  return { bucket, key, context: entry.context.toString(), receipt: receiptOf(entry), values };
}

function printSibling(entry: Entry<Uint8Array>, number: number): void {
  const bytes = entry.siblings[number - 1];
  if (bytes === undefined) {
    throw new CommandError(exitCodes.notFound, `there are ${entry.siblings.length} values`);
  }
  if (bytes === null) throw new CommandError(exitCodes.notFound, `value ${number} is a delete`);
  printBytes(bytes);
}

function printSiblings({ bucket, key, entry }: Found): void {
  const count = entry.siblings.length;
  printLine(`${bucket}/${key} has ${count} values: their writers did not know of each other.`);
  for (const [index, bytes] of entry.siblings.entries()) {
    printLine(`--- ${index + 1} of ${count}${bytes === null ? ': deleted' : ''}`);
    if (bytes !== null) printLine(textOf(bytes) ?? `(${bytes.length} bytes that are not text)`);
  }
  printLine('---');
  say(`To keep one: quorate put ${bucket} ${key} VALUE --context ${entry.context.toString()}`);
}

function receiptOf(entry: Entry<Uint8Array>): string {
  return entry.receipt === undefined ? '' : receiptText(entry.receipt);
}

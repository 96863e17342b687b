/** `quorate keys`: the keys of a bucket, how many there are, or what they hold. */
import type { Command } from 'commander';
import type { Entry } from '../../client/entry.js';
import type { Key } from '../../client/bucket.js';
import type { ListingOptions } from '../../client/key-listing.js';
import type { QuorateClient } from '../../client/client.js';
import { addDataOptions, withClient, type DataOptions } from '../data-options.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { nameOf } from '../key-name.js';
import { printable, printJson, printLine, say, textOf } from '../output.js';
import { quorumSize } from '../parsers.js';

interface KeysCommandOptions extends DataOptions {
  readonly count?: true;
  readonly values?: true;
  readonly r?: number;
}

export function addKeys(program: Command): void {
  const command = program
    .command('keys <bucket> [prefix]')
    .summary('list keys')
    .description(
      'Lists the keys of a bucket that have a value, one a line and in no order: all that were stored before it began, and not deleted since.',
    )
    .option('--count', 'only how many there are')
    .option('--values', 'with their values, a tab between')
    .option('--r <count>', "nodes that must answer (default: the bucket's R)", quorumSize);
  addDataOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate keys carts
  quorate keys orders 2026-11. --count
  quorate keys carts --json            a line each: "text", or {"base64url"} where a key is no text
  quorate keys carts --values --json   {"key","context","values":[{"text","base64"} or {"deleted":true}]}`,
    )
    .action(async (bucket: string, prefix: string | undefined, options: KeysCommandOptions) => {
      if (options.count === true && options.values === true)
        throw new CommandError(exitCodes.usage, 'either --count or --values, not both');
      await withClient(options, (client) => list(client, { bucket, prefix, options }));
    });
}

async function list(
  client: QuorateClient,
  asked: {
    readonly bucket: string;
    readonly prefix: string | undefined;
    readonly options: KeysCommandOptions;
  },
): Promise<void> {
  const { prefix, options } = asked;
  const bucket = client.bucket(asked.bucket);
  const how: ListingOptions = { prefix, r: options.r, strict: options.strict };
  const isJson = options.json === true;
  if (options.count === true) {
    const count = await bucket.count(how);
    if (isJson) printJson({ bucket: asked.bucket, count });
    else printLine(String(count));
    return;
  }
  if (options.values === true) {
    for await (const entry of bucket.scan(how))
      if (isJson) printJson(fieldsOf(entry));
      else printLine(`${nameOf(entry.key)}\t${valueText(entry)}`);
    return;
  }
  let isBytes = false;
  for await (const page of bucket.keys(how).pages()) {
    isBytes ||= page.some((key) => typeof key !== 'string');
    const text = isJson ? (key: Key): string => JSON.stringify(jsonOf(key)) : nameOf;
    if (page.length > 0) printLine(page.map(text).join('\n'));
  }
  if (isBytes && !isJson) say('Some keys are no text: --json shows their bytes.');
}

function jsonOf(key: Key): unknown {
  return typeof key === 'string' ? key : { base64url: Buffer.from(key).toString('base64url') };
}

function valueText(entry: Entry<Uint8Array>): string {
  if (entry.inConflict) return `(${entry.siblingCount} values in conflict)`;
  if (entry.big !== undefined) return `(${entry.big.size} bytes: quorate get --file)`;
  const bytes = entry.bytes();
  const text = textOf(bytes);
  return text === undefined ? `(${bytes.length} bytes that are not text)` : printable(text);
}

function fieldsOf(entry: Entry<Uint8Array>): Record<string, unknown> {
  const values = Array.from({ length: entry.siblingCount }, (_, at) => {
    const big = entry.bigOf(at);
    if (big !== undefined) return big;
    const bytes = entry.siblingAt(at) ?? null;
    if (bytes === null) return { deleted: true };
    return { text: textOf(bytes), base64: Buffer.from(bytes).toString('base64') };
  });
  return { key: jsonOf(entry.key), context: entry.context.toString(), values };
}

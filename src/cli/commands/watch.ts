/** `quorate watch`: what is in a bucket, and what becomes of it, a line each. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Option, type Command } from 'commander';
import { watchLimits } from '../../../actors/rules/limits/watch.js';
import type { QuorateClient } from '../../client/client.js';
import type { WatchedEvent, WatchedKey } from '../../client/watch-messages.js';
import { includes, type Include } from '../../wire/watch-messages.js';
import { addDataOptions, withClient, type DataOptions } from '../data-options.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { nameOf } from '../key-name.js';
import { printable, printJson, printLine, say, textOf } from '../output.js';
import { wholeNumber } from '../parsers.js';

interface WatchCommandOptions extends DataOptions {
  readonly include: Include;
  readonly values?: true;
  readonly resume?: string;
  readonly count?: number;
  readonly untilMarker?: true;
}

type Event = WatchedEvent<Uint8Array>;

export function addWatch(program: Command): void {
  const command = program
    .command('watch <bucket> [pattern]')
    .summary('follow what changes')
    .description(
      'Tells what happens to the keys of a bucket, or to those a pattern means, a line each, until it is interrupted. It goes on whichever node dies, misses nothing acknowledged after "up to date" was first said, and tells each change at least once.',
    )
    .addOption(
      new Option(
        '--include <what>',
        'begin with nothing, with the keys that are there, or also with those deleted lately',
      )
        .choices(includes)
        .default('updates'),
    )
    .option('--values', 'with their values, a tab between')
    .option(
      '--resume <path>',
      'keep there how far it is, and go on there when it is started again: some lines may come twice, none is missed',
    )
    .option(
      '--count <number>',
      'end after so many keys',
      wholeNumber({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    )
    .option('--until-marker', 'end once it is up to date');
  addDataOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate watch orders
  quorate watch orders '2026.*.new' --values
  quorate watch orders --include current --values --json
  quorate watch orders --resume ~/.orders-seen`,
    )
    .action(async (bucket: string, pattern: string | undefined, options: WatchCommandOptions) => {
      await withClient(options, (client) => follow(client, { bucket, pattern, options }));
    });
}

async function follow(
  client: QuorateClient,
  asked: {
    readonly bucket: string;
    readonly pattern: string | undefined;
    readonly options: WatchCommandOptions;
  },
): Promise<void> {
  const { options } = asked;
  const { include, values, resume } = options;
  const watch = client.bucket(asked.bucket).watch({
    keys: asked.pattern,
    include,
    values: values === true,
    resumeFrom: resume === undefined ? undefined : cursorIn(resume),
  });
  const stop = (): void => watch.end();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
  let left = options.count ?? Infinity;
  let kept: string | undefined;
  const keep = (): void => {
    // It changes once a second, and stands for what was printed.
    if (resume === undefined || watch.cursor === kept) return;
    kept = watch.cursor;
    if (kept !== undefined) keepCursor(resume, kept);
  };
  for await (const event of watch) {
    show(event, options);
    if (event.type === 'change' || event.type === 'current') left--;
    keep();
    if (left === 0 || (event.type === 'marker' && options.untilMarker === true)) break;
  }
  keep();
}

function cursorIn(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const cursor = readFileSync(path, 'utf8').trim();
  if (cursor.length > watchLimits.cursorCharsMax || !/^[\w-]*$/.test(cursor))
    throw new CommandError(exitCodes.usage, `${path} holds no cursor of a watch`);
  return cursor === '' ? undefined : cursor;
}

/** It is there as a whole, whenever this process ends. */
function keepCursor(path: string, cursor: string): void {
  writeFileSync(`${path}.new`, `${cursor}\n`);
  renameSync(`${path}.new`, path);
}

function show(event: Event, { json, values }: WatchCommandOptions): void {
  if (json === true) return printJson(fieldsOf(event));
  if (event.type === 'marker') say('up to date');
  else if (event.type === 'status') say(`${statusTexts[event.status]}: ${event.reason}`);
  else printLine(lineOf(event, values === true));
}

const statusTexts = {
  behind: 'changes may come late',
  resynced: 'what changed can not be told, so keys come again',
  lost: 'asking another node',
} as const;

function lineOf(event: WatchedKey<Uint8Array>, withValues: boolean): string {
  const name = nameOf(event.key);
  if (event.deleted) return `${name}\t(${event.expired ? 'expired' : 'deleted'})`;
  return withValues ? `${name}\t${valueText(event)}` : name;
}

function valueText({ values, siblings }: WatchedKey<Uint8Array>): string {
  if (values === undefined) return '(larger than a message: quorate get)';
  if (siblings > 1) return `(${siblings} values in conflict)`;
  const text = textOf(values[0]!);
  return text === undefined ? `(${values[0]!.length} bytes that are not text)` : printable(text);
}

function fieldsOf(event: Event): Record<string, unknown> {
  if (event.type === 'marker' || event.type === 'status') return { ...event };
  const { type, key, deleted, expired, siblings, context, values } = event;
  const name =
    typeof key === 'string' ? key : { base64url: Buffer.from(key).toString('base64url') };
  const state = deleted ? { deleted: expired ? 'expired' : true } : { siblings };
  const shown = values?.map((bytes) => ({
    text: textOf(bytes),
    base64: Buffer.from(bytes).toString('base64'),
  }));
  return { type, key: name, ...state, context: context.toString(), values: shown };
}

/** `quorate bucket`: what buckets promise, shown and changed. */
import { Option, type Command } from 'commander';
import {
  type BucketOptions,
  conflictPolicies,
  eventsChoices,
  resolveChoices,
} from '../../../actors/rules/bucket.js';
import { unknownChoices, type BucketBook } from '../../../actors/rules/bucket-book.js';
import type { Durability } from '../../../actors/rules/durability.js';
import type { BucketProperties, ClientBuckets } from '../../client/buckets.js';
import type { BucketChanged, BucketInfo } from '../../wire/bucket-form.js';
import { byteCount } from '../bucket-words.js';
import { bucketListText, bucketText } from '../bucket-text.js';
import { sizeText } from '../byte-bar.js';
import { addDataOptions, withClient, type DataOptions } from '../data-options.js';
import { printJson, printLine } from '../output.js';
import { durability, durationMs, quorumSize } from '../parsers.js';

interface PropertyOptions extends DataOptions {
  readonly n?: number;
  readonly r?: number;
  readonly w?: number;
  readonly conflict?: BucketOptions['conflict'];
  readonly ttl?: number;
  readonly durability?: Durability | 'node';
  readonly events?: BucketOptions['events'];
  readonly valueMax?: number;
  readonly resolve?: BucketOptions['resolve'];
  readonly unknown?: BucketBook['unknown'];
}

export function addBucket(program: Command): void {
  const bucket = program
    .command('bucket')
    .summary('what buckets promise: create, ls, info, set, defaults, rm')
    .description(
      'Shows and changes what buckets promise, while the cluster runs: no node is told anything at its start. Another N moves keys; everything else holds at once.',
    );
  addChange(bucket, 'create <bucket>', {
    summary: 'a bucket of its own properties',
    example: 'quorate bucket create orders --n 3 --w 2 --ttl 1h --durability periodic:50',
    run: (buckets, properties, name) => buckets.create(name!, properties),
  });
  addChange(bucket, 'set <bucket>', {
    summary: 'other properties of a bucket',
    example: 'quorate bucket set orders --n 5        (R and W become a majority, and keys move)',
    run: (buckets, properties, name) => buckets.set(name!, properties),
  });
  addDefaults(bucket);
  addList(bucket);
  addInfo(bucket);
  addRemove(bucket);
}

interface Change {
  readonly summary: string;
  readonly example: string;
  run(
    buckets: ClientBuckets,
    properties: BucketProperties,
    name: string | undefined,
  ): Promise<BucketChanged>;
}

function addChange(parent: Command, form: string, change: Change): void {
  const command = addProperties(parent.command(form).summary(change.summary))
    .description(`${capital(change.summary)}. What is not given stays as it is.`)
    .addHelpText('after', `\nExample:\n  ${change.example}`);
  addDataOptions(command).action(async (name: string, options: PropertyOptions) => {
    const changed = await withClient(options, ({ buckets }) =>
      change.run(buckets, propertiesOf(options), name),
    );
    showChanged(changed, options);
  });
}

function addDefaults(parent: Command): void {
  const command = addProperties(parent.command('defaults'))
    .summary('what buckets promise that say nothing themselves')
    .description(
      'Changes what buckets promise that were not created; with --unknown declared those are refused.',
    )
    .addOption(
      new Option('--unknown <how>', 'of buckets that were not created').choices(unknownChoices),
    )
    .addHelpText('after', '\nExample:\n  quorate bucket defaults --unknown declared');
  addDataOptions(command).action(async (options: PropertyOptions) => {
    const { unknown } = options;
    const properties = { ...propertiesOf(options), ...(unknown !== undefined && { unknown }) };
    const changed = await withClient(options, ({ buckets }) => buckets.setDefaults(properties));
    showChanged(changed, options);
  });
}

function addList(parent: Command): void {
  const command = parent
    .command('ls')
    .summary('all buckets')
    .description('Shows the buckets that were created, and what all others promise.');
  addDataOptions(command).action(async (options: DataOptions) => {
    const list = await withClient(options, ({ buckets }) => buckets.list());
    if (options.json === true) printJson(list);
    else printLine(bucketListText(list));
  });
}

function addInfo(parent: Command): void {
  const command = parent
    .command('info <bucket>')
    .summary('one bucket, and how large it is')
    .description(
      'Shows what a bucket promises, and counts its keys where they are read: that takes a look at each of them.',
    );
  addDataOptions(command).action(async (name: string, options: DataOptions) => {
    const info = await withClient(options, ({ buckets }) => buckets.info(name));
    if (options.json === true) printJson(info);
    else showInfo(info);
  });
}

function addRemove(parent: Command): void {
  const command = parent
    .command('rm <bucket>')
    .summary('a bucket and all its keys, for good')
    .description(
      'Removes a bucket with all its keys, for good and without a question. Nothing of it is served from then on; its name is free once no node holds any of its keys, also of those that are away now.',
    );
  addDataOptions(command).action(async (name: string, options: DataOptions) => {
    showChanged(await withClient(options, ({ buckets }) => buckets.remove(name)), options);
  });
}

function addProperties(command: Command): Command {
  return command
    .option('--n <count>', 'replicas of each key', quorumSize)
    .option('--r <count>', 'nodes that must answer a get', quorumSize)
    .option('--w <count>', 'nodes that must have stored a put', quorumSize)
    .addOption(
      new Option('--conflict <policy>', 'what becomes of concurrent puts').choices(
        conflictPolicies,
      ),
    )
    .option('--ttl <time>', 'keys expire after this; 0: never', durationMs)
    .addOption(
      new Option(
        '--durability <when>',
        'node: as each node is told; sync: on disk before it is acknowledged; periodic:MS',
      ).argParser(durabilityWish),
    )
    .addOption(new Option('--events <choice>', 'whether kv.changed tells').choices(eventsChoices))
    .option('--value-max <size>', 'the largest value, such as 64kB or 5GiB', byteCount)
    .addOption(
      new Option('--resolve <who>', 'makes one of several values').choices(resolveChoices),
    );
}

function durabilityWish(text: string): Durability | 'node' {
  return text === 'node' ? text : durability(text);
}

function propertiesOf(options: PropertyOptions): BucketProperties {
  const { n, r, w, conflict, ttl, durability: how, events, valueMax, resolve } = options;
  const all = { n, r, w, conflict, ttlMs: ttl, durability: how, events, resolve };
  const given = { ...all, valueBytesMax: valueMax };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function showChanged(changed: BucketChanged, options: DataOptions): void {
  if (options.json === true) return printJson(changed);
  const { bucket, moving } = changed;
  printLine(bucketText(bucket));
  if (bucket.closing === true)
    printLine('being removed: its keys go, and then its name is free (quorate bucket ls)');
  if (moving) printLine('its keys move: quorate ring --watch shows how far they are');
}

function showInfo({ bucket, complete, ...counts }: BucketInfo): void {
  printLine(bucketText(bucket));
  const { keys, bytes, tombstones, siblings, hints } = counts;
  printLine(
    `keys ${keys} · values ${sizeText(bytes)} · tombstones ${tombstones} · with siblings ${siblings} · owed to others ${hints}`,
  );
  if (!complete) printLine('not all partitions could be counted: some nodes are away');
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

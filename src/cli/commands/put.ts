/** `quorate put`: stores a value. */
import type { Command } from 'commander';
import { basename } from 'node:path';
import type { Condition } from '../../../actors/rules/condition.js';
import { UnfinishedUploadError, type PutStreamOptions } from '../../client/big-values.js';
import type { PutResult } from '../../client/bucket.js';
import { MalformedError } from '../../errors.js';
import { RealClock } from '../../seams/real-clock.js';
import { receiptText } from '../../wire/receipt.js';
import { addDataOptions, withClient, type DataOptions } from '../data-options.js';
import { addTraceOptions, withGlass, type TraceOptions } from '../insight/traced.js';
import { interruptible } from '../interruption.js';
import { printJson, say } from '../output.js';
import { condition, lifetime, quorumSize } from '../parsers.js';
import { ByteBar } from '../byte-bar.js';
import {
  dropPosition,
  keepPosition,
  positionIn,
  positionText,
  resumeOfText,
  type Resume,
} from '../upload-text.js';
import { bytesOf, openValue, type OpenedValue } from '../value-source.js';

interface PutCommandOptions extends TraceOptions {
  readonly file?: string;
  readonly context?: string;
  readonly if?: Condition;
  readonly w?: number;
  readonly ttl?: number | 'none';
  readonly resume?: Resume;
}

export function addPut(program: Command): void {
  const command = program
    .command('put <bucket> <key> [value]')
    .summary('store a value')
    .description(
      'Stores a value of any size: what does not fit one message is read and stored piece by piece, and shows when all of it is there. Without --context it replaces what is there; with one, exactly what its author has seen: other values stay as siblings.',
    )
    .option('--file <path>', 'take the value from a file')
    .option('--context <text>', "what 'get --json' or an earlier put said; '-': nothing was seen")
    .option(
      '--if <condition>',
      "'absent': only where there is no value; 'context': only if --context has seen all there is; else exit code 3",
      condition,
    )
    .option('--w <count>', "nodes that must have stored it (default: the bucket's W)", quorumSize)
    .option('--ttl <time>', 'it expires after this, such as 30s, 10m, 7d; none: it stays', lifetime)
    .option(
      '--resume <path>',
      'keep in this file how far it is, and go on there when the same is put again; or the word that a put said which broke off',
      resumeOfText,
    );
  addTraceOptions(addDataOptions(command))
    .addHelpText(
      'after',
      `
Examples:
  quorate put carts alice '3 apples'
  quorate put carts alice '3 apples' --trace
  quorate put locks nightly "$HOSTNAME" --if absent --ttl 10m
  quorate put photos me --file me.jpg --w 3
  quorate put media trailer --file trailer.mkv --resume trailer.position
  gzip < dump | quorate put dumps today -
  quorate put carts alice '3 apples, 1 pear' --context "$(quorate get carts alice --json | jq -r .context)" --if context`,
    )
    .action(put);
}

async function put(
  bucket: string,
  key: string,
  argument: string | undefined,
  options: PutCommandOptions,
): Promise<void> {
  const { file, trace, traceFile } = options;
  const value = await openValue({ argument, file });
  const isTraced = trace === true || traceFile !== undefined;
  try {
    const result = isTraced
      ? await putTraced({ bucket, key, value, options })
      : await putPieces({ bucket, key, value, options });
    reportWrite({ bucket, key, result, options });
  } finally {
    await value.close();
  }
}

interface Put {
  readonly bucket: string;
  readonly key: string;
  readonly value: OpenedValue;
  readonly options: PutCommandOptions;
}

/** One request is put under the glass; of a big value there are many. */
async function putTraced({ bucket, key, value, options }: Put): Promise<PutResult> {
  const bytes = await bytesOf(value);
  const { context, if: onlyIf, w, ttl, strict } = options;
  const terms = { context, if: onlyIf, w, strict, ttlMs: ttl };
  return withGlass(options, (client, trace) =>
    client.bucket(bucket).put(key, bytes, { ...terms, trace }),
  );
}

async function putPieces({ bucket, key, value, options }: Put): Promise<PutResult> {
  const { context, if: onlyIf, w, ttl, strict, file, resume } = options;
  const { word, file: kept } = { word: undefined, file: undefined, ...resume };
  const title = file === undefined ? key : basename(file);
  const bar = new ByteBar(process.stderr, new RealClock(), title);
  const streamed: PutStreamOptions = {
    context,
    if: onlyIf,
    w,
    strict,
    ttlMs: ttl,
    size: value.size,
    resume: kept === undefined ? word : positionIn(kept),
    // What comes by standard input can't come twice, unless somebody says so.
    keep: file !== undefined || kept !== undefined,
    onProgress: ({ bytes, size }) => bar.show(bytes, size),
    onPosition: kept === undefined ? undefined : (position) => keepPosition(kept, position),
  };
  try {
    const result = await interruptible((signal) =>
      withClient(options, (client) =>
        client.bucket(bucket).putStream(key, value.pieces, { ...streamed, signal }),
      ),
    );
    if (kept !== undefined) dropPosition(kept);
    return result;
  } catch (error) {
    bar.end();
    if (!(error instanceof UnfinishedUploadError)) throw error;
    const { position } = error;
    if (kept !== undefined) keepPosition(kept, position);
    // Of a source that gives other bytes there is nothing to go on with.
    if (!(error.cause instanceof MalformedError))
      say(`To go on, for some hours: the same put with --resume ${kept ?? positionText(position)}`);
    throw error.cause;
  } finally {
    bar.end();
  }
}

/** Silent unless asked: nothing said is success. */
export function reportWrite(write: {
  readonly bucket: string;
  readonly key: string;
  readonly result: PutResult;
  readonly options: DataOptions;
}): void {
  const { bucket, key, result, options } = write;
  const receipt = receiptText(result.receipt);
  const context = result.context.toString();
  if (options.json === true) printJson({ bucket, key, context, receipt });
  if (options.verbose === true) say(`${receipt}\ncontext ${context}`);
}

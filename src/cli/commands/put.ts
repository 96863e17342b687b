/** `quorate put`: stores a value. */
import type { Command } from 'commander';
import type { PutResult } from '../../client/bucket.js';
import { receiptText } from '../../wire/receipt.js';
import { addDataOptions, type DataOptions } from '../data-options.js';
import { addTraceOptions, withGlass, type TraceOptions } from '../insight/traced.js';
import { printJson, say } from '../output.js';
import { durationMs, quorumSize } from '../parsers.js';
import { readValue } from '../value-source.js';

interface PutCommandOptions extends TraceOptions {
  readonly file?: string;
  readonly context?: string;
  readonly w?: number;
  readonly ttl?: number;
}

export function addPut(program: Command): void {
  const command = program
    .command('put <bucket> <key> [value]')
    .summary('store a value')
    .description(
      'Stores a value. Without --context it replaces what is there; with one, exactly what its author has seen: other values stay as siblings.',
    )
    .option('--file <path>', 'take the value from a file')
    .option('--context <text>', "what 'get --json' or an earlier put said; '-': nothing was seen")
    .option('--w <count>', "nodes that must have stored it (default: the bucket's W)", quorumSize)
    .option('--ttl <time>', 'it expires after this, such as 30s, 10m, 7d', durationMs);
  addTraceOptions(addDataOptions(command))
    .addHelpText(
      'after',
      `
Examples:
  quorate put carts alice '3 apples'
  quorate put carts alice '3 apples' --trace
  quorate put photos me --file me.jpg --w 3
  gzip < dump | quorate put dumps today -
  quorate put carts alice '3 apples, 1 pear' --context "$(quorate get carts alice --json | jq -r .context)"`,
    )
    .action(put);
}

async function put(
  bucket: string,
  key: string,
  argument: string | undefined,
  options: PutCommandOptions,
): Promise<void> {
  const value = await readValue({ argument, file: options.file });
  const { context, w, ttl, strict } = options;
  const result = await withGlass(options, (client, trace) =>
    client.bucket(bucket).put(key, value, { context, w, strict, ttlMs: ttl, trace }),
  );
  reportWrite({ bucket, key, result, options });
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

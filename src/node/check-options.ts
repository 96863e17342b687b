/** Options are checked once, where a node is put together, so that a mistake shows at the start and by its name. */
import { partitionsMax } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { isPrefix } from '../wire/subjects.js';
import { isLabelText } from '../wire/text.js';
import type { BucketOptions, NodeOptions } from './node-options.js';
import { bucketOptions } from './node-options.js';

/** Throws `RangeError` naming the option. */
export function checkOptions(options: NodeOptions): void {
  if (options.name === '') throw new RangeError('name: a node needs one');
  for (const label of ['name', 'host', 'zone'] as const)
    if (!isLabelText(options[label]))
      throw new RangeError(
        `${label}: up to ${limits.labelBytesMax} bytes without control characters, not ${JSON.stringify(options[label])}`,
      );
  if (!isPrefix(options.prefix))
    throw new RangeError(
      `prefix: letters, digits, '_' and '-', not 'R_' and nothing that starts with 'INBOX': '${options.prefix}'`,
    );
  whole('partitions', options.partitions, { min: 1, max: partitionsMax });
  whole('founders', options.founders, { min: 1, max: limits.membersMax });
  if (!(options.weight > 0) || !Number.isFinite(options.weight))
    throw new RangeError(`weight: above 0, not ${options.weight}`);
  if (options.durability.kind === 'periodic')
    whole('durability', options.durability.everyMs, { min: 1, max: 3_600_000 });
  whole('tombstoneGraceMs', options.tombstoneGraceMs, { min: 0, max: Number.MAX_SAFE_INTEGER });
  whole('hintAgeMs', options.hintAgeMs, { min: 1, max: Number.MAX_SAFE_INTEGER });
  if (options.inspectPort !== undefined)
    whole('inspectPort', options.inspectPort, { min: 1, max: 65_535 });
  checkBucket('defaults', options.defaults);
  for (const bucket of Object.keys(options.buckets)) {
    if (bucket === '' || bucket.length > limits.bucketBytesMax || /[\s.*>\p{Cc}]/u.test(bucket))
      throw new RangeError(`buckets: '${bucket}' is no name of a bucket`);
    checkBucket(`buckets.${bucket}`, bucketOptions(options, bucket));
  }
}

function checkBucket(name: string, { n, r, w, conflict, ttlMs }: BucketOptions): void {
  whole(`${name}.n`, n, { min: 1, max: limits.membersMax });
  whole(`${name}.r`, r, { min: 1, max: n });
  whole(`${name}.w`, w, { min: 1, max: n });
  whole(`${name}.ttlMs`, ttlMs, { min: 0, max: Number.MAX_SAFE_INTEGER });
  if (conflict !== 'siblings' && conflict !== 'last-writer-wins')
    throw new RangeError(`${name}.conflict: 'siblings' or 'last-writer-wins'`);
}

function whole(name: string, value: number, { min, max }: { min: number; max: number }): void {
  if (!Number.isInteger(value) || value < min || value > max)
    throw new RangeError(`${name}: a whole number from ${min} to ${max}, not ${value}`);
}

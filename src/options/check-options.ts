/**
 * Options are checked once, where a node is put together, so that a mistake shows at the start and
 * by its name.
 */
import { unknownChoices } from '../../actors/rules/bucket-book.js';
import { checkBucketOptions } from '../../actors/rules/bucket.js';
import { checkDurability } from '../../actors/rules/durability.js';
import { limits } from '../../actors/rules/limits.js';
import { checkWhole } from '../../actors/rules/whole-number.js';
import { isPrefix } from '../wire/subjects.js';
import { isLabelText } from '../wire/text.js';
import type { NodeOptions } from './node-options.js';

/** Throws `RangeError` naming the option. */
export function checkOptions(options: NodeOptions): void {
  if (options.name === '') throw new RangeError('name: a node needs one');
  for (const label of ['name', 'host', 'zone', 'replaces'] as const)
    if (!isLabelText(options[label]))
      throw new RangeError(
        `${label}: up to ${limits.labelBytesMax} bytes without control characters, not ${JSON.stringify(options[label])}`,
      );
  if (!isPrefix(options.prefix))
    throw new RangeError(
      `prefix: letters, digits, '_' and '-', not 'R_' and nothing that starts with 'INBOX': '${options.prefix}'`,
    );
  if (options.join !== 'auto' && options.join !== 'ask')
    throw new RangeError(`join: auto or ask, not ${JSON.stringify(options.join)}`);
  checkWhole('partitions', options.partitions, { min: 1, max: limits.partitionsMax });
  checkWhole('founders', options.founders, { min: 0, max: limits.membersMax });
  if (options.foundingRing !== 1 && options.foundingRing !== 2)
    throw new RangeError(`foundingRing: 1 or 2, not ${JSON.stringify(options.foundingRing)}`);
  if (!(options.weight > 0 && options.weight <= limits.weightMax))
    throw new RangeError(`weight: above 0, up to ${limits.weightMax}, not ${options.weight}`);
  checkDurability('durability', options.durability);
  checkWhole('tombstoneGraceMs', options.tombstoneGraceMs, {
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
  });
  checkWhole('uploadLeaseMs', options.uploadLeaseMs, { min: 1, max: Number.MAX_SAFE_INTEGER });
  checkWhole('hintAgeMs', options.hintAgeMs, { min: 1, max: Number.MAX_SAFE_INTEGER });
  if (!unknownChoices.includes(options.unknown))
    throw new RangeError(
      `unknown: ${unknownChoices.join(' or ')}, not ${JSON.stringify(options.unknown)}`,
    );
  checkBucketOptions('defaults', options.defaults);
  for (const [bucket, own] of Object.entries(options.buckets)) {
    if (bucket === '' || bucket.length > limits.bucketBytesMax || /[\s.*>\p{Cc}]/u.test(bucket))
      throw new RangeError(`buckets: '${bucket}' is no name of a bucket`);
    checkBucketOptions(`buckets.${bucket}`, { ...options.defaults, ...own });
  }
}

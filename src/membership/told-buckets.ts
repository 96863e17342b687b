/** What a node was told of buckets at its start and the configuration has otherwise. */
import { type BucketBook, rowOf, sameOptions } from '../../actors/rules/bucket-book.js';
import { bucketOptionsDefault } from '../../actors/rules/bucket.js';
import { shownName } from '../wire/shown-bytes.js';

/** Undefined: nothing, or the configuration says nothing of buckets. */
export function toldProblem(told: BucketBook, said: BucketBook | undefined): string | undefined {
  if (said === undefined) return undefined;
  const others = told.rows
    .filter(({ name, options }) => {
      const row = rowOf(said, name);
      return row === undefined || !sameOptions(row.options, options);
    })
    .map(({ name }) => shownName(name));
  const isOwn = !sameOptions(told.defaults, bucketOptionsDefault);
  if (isOwn && !sameOptions(told.defaults, said.defaults)) others.unshift('the defaults');
  if (others.length === 0) return undefined;
  return `this node was told something else of ${others.join(', ')} (--bucket, --n, --r, --w …) than the cluster has agreed on since: that counts; leave the options away, or see quorate bucket ls`;
}

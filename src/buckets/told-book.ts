/** What a node was told of buckets at its start, as a configuration would say it. */
import type { BucketBook } from '../../actors/rules/bucket-book.js';
import type { NodeOptions } from '../options/node-options.js';

export function bookOf({
  defaults,
  buckets,
  unknown = 'defaults',
}: Pick<NodeOptions, 'defaults' | 'buckets'> & Partial<Pick<NodeOptions, 'unknown'>>): BucketBook {
  const rows = Object.entries(buckets).map(([name, own]) => {
    return {
      name: Buffer.from(name).toString('latin1'),
      options: { ...defaults, ...own },
      closing: false,
    };
  });
  rows.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { defaults, unknown, rows };
}

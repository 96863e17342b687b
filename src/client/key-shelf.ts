/** One key of a bucket, where a replica is read and put: as it is, without any resolver. */
import { limits } from '../../actors/rules/limits.js';
import { TooLargeError } from '../errors.js';
import { noOptions, type BucketRequests, type PutResult } from './bucket-requests.js';
import type { Context } from './context.js';
import type { Shelf } from './crdt/replica.js';

export class KeyShelf implements Shelf<Context> {
  constructor(
    private readonly key: Uint8Array,
    private readonly requests: Pick<BucketRequests<unknown, never>, 'fetch' | 'write'>,
  ) {}

  read(): ReturnType<Shelf<Context>['read']> {
    const { key } = this;
    return new Promise((resolve, reject) => {
      this.requests.fetch({
        key,
        options: noOptions,
        onEntry: (entry) => {
          try {
            const values = entry.siblings.filter((value) => value !== null);
            resolve({ values, context: entry.context });
          } catch (error) {
            // One of them is too large for a message: none that a replica has put.
            reject(error);
          }
        },
        reject,
      });
    });
  }

  put(value: Uint8Array, context: Context): Promise<PutResult> {
    const { key } = this;
    return new Promise((resolve, reject) => {
      if (value.length > limits.valueBytesMax) throw new TooLargeError();
      this.requests.write({ key, value, options: { context }, resolve, reject });
    });
  }
}

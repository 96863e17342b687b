/** How what buckets promise is changed, for whoever is asked to. */
import type { BucketWish } from '../../actors/rules/bucket-wishes.js';
import type { Configuration } from '../../actors/rules/configuration.js';

export interface BucketChanges {
  /** Throws `UnavailableError` when this node knows no configuration. */
  readonly known: Configuration;
  /**
   * Resolves with the first configuration that has it. Throws `BucketChangeError` where something
   * stands in the way; `UnavailableError`, outcome `none`: it was not agreed on, `unknown`: it may
   * be yet.
   */
  change(wish: BucketWish): Promise<Configuration>;
}

export const BucketChanges = Symbol('BucketChanges');

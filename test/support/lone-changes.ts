/** A configuration of one member, which agrees with itself at once. */
import { wished } from '../../actors/rules/bucket-wishes.js';
import type { Configuration, Place } from '../../actors/rules/configuration.js';
import { foundingConfiguration } from '../../actors/rules/steps.js';
import type { Buckets } from '../../src/buckets/buckets.js';
import { BucketChangeError } from '../../src/errors.js';
import type { BucketChanges } from '../../src/membership/bucket-changes.js';

export function loneChanges(buckets: Buckets, id: string): BucketChanges {
  let known: Configuration = foundingConfiguration([id, 'b', 'c'].map(memberOf), 16, 2);
  return {
    get known() {
      return known;
    },
    change: (wish) => {
      const next = wished(known, wish, buckets.book);
      if (typeof next === 'string') return Promise.reject(new BucketChangeError(next));
      known = next;
      buckets.goBy(known);
      return Promise.resolve(known);
    },
  };
}

function memberOf(id: string): Place {
  return { id, name: id, host: id, zone: '', weight: 1 };
}

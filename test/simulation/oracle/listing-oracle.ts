/**
 * What a listing must show and must not: all keys that were acknowledged before it began and that
 * nobody deleted since; no key that nobody put; and, of a strict one, none that had been deleted.
 */
import { mayComeBack } from './end-oracle.js';
import type { Read, Write } from './history.js';
import { dueIn, type ReadRules } from './read-oracle.js';

export interface Listing extends Pick<Read, 'strict' | 'quorum' | 'askedUs' | 'endedUs'> {
  readonly bucket: string;
  readonly keys: readonly string[];
}

/** Whom the simulator itself asks to see whether anybody answers. */
const ownKeys: ReadonlySet<string> = new Set(['progress']);

export function checkListing(listing: Listing, rules: ReadRules): void {
  const { bucket, keys } = listing;
  const { history, violations } = rules;
  const shown = new Set(keys);
  if (shown.size < keys.length)
    violations.add('safety', 'listed-twice', `${bucket} lists ${keys.join(' ')}`);
  for (const key of shown) if (!ownKeys.has(key)) checkShown(`${bucket}/${key}`, listing, rules);
  if (!listing.strict || !rules.disksKeep) return;
  for (const name of history.names())
    if (name.startsWith(`${bucket}/`) && !shown.has(name.slice(bucket.length + 1)))
      checkMissing(name, listing, rules);
}

function checkShown(name: string, listing: Listing, rules: ReadRules): void {
  const { history, violations } = rules;
  const puts = history.of(name).filter(({ isDelete, outcome }) => !isDelete && outcome !== 'none');
  if (puts.length === 0)
    return violations.add('safety', 'listing-invents', `${name} is listed, which nobody put`);
  const isOver = overIn(name, listing, rules);
  if (puts.every(isOver))
    violations.add(
      'safety',
      'listing-goes-back',
      `${name} is listed: all that was put there was deleted or had expired before it began`,
    );
}

/** Whether a write can't be why the key is listed. */
function overIn(name: string, listing: Listing, rules: ReadRules): (write: Write) => boolean {
  const { history, copies, disksKeep } = rules;
  const isStrict = listing.strict && disksKeep;
  const due = isStrict ? dueIn({ ...listing, name }, rules) : [];
  const covered = history.coveredBy(due, copies);
  return ({ token, goneUs }) => {
    if (goneUs < listing.askedUs && !copies.maybeMintedTwice().has(token)) return true;
    return covered.has(token) && !mayComeBack(token, rules);
  };
}

function checkMissing(name: string, listing: Listing, rules: ReadRules): void {
  const accounted = rules.history.accounted(name, [], listing.endedUs);
  for (const write of dueIn({ ...listing, name }, rules))
    if (!accounted(write))
      rules.violations.add(
        'safety',
        'listing-misses',
        `${name} is not listed, where ${write.token} (w=${write.quorum}) was acknowledged before it began`,
      );
}

/**
 * When what a bucket stores is acknowledged, where it promises another durability than the node
 * whose log takes it: for `periodic` in a log that syncs each write, at once; for `sync` in one
 * that does not, once it is on disk.
 */
import type { Durability } from '../../actors/rules/durability.js';
import type { Clock } from '../seams/clock.js';
import type { OnDurable, Store } from './store.js';

interface Acknowledging {
  readonly store: Pick<Store, 'durability' | 'settled'>;
  readonly clock: Pick<Clock, 'endOfTurn'>;
}

/** What the store is to call when it has written. */
export function whenStored(
  { store }: Acknowledging,
  durability: Durability | undefined,
  onDurable: OnDurable,
): OnDurable {
  return isOwn(store.durability, durability) ? onDurable : nothing;
}

/** Called behind the write. */
export function acknowledgeOtherwise(
  { store, clock }: Acknowledging,
  durability: Durability | undefined,
  onDurable: OnDurable,
): void {
  if (isOwn(store.durability, durability)) return;
  if (durability!.kind === 'sync') store.settled(onDurable);
  else clock.endOfTurn(onDurable);
}

function isOwn(ofNode: Durability, durability: Durability | undefined): boolean {
  return durability === undefined || durability.kind === ofNode.kind;
}

const nothing: OnDurable = () => undefined;

/**
 * What changed here, as the verb `feed` tells it: read from the store in this turn, and bounded
 * whatever is asked. Keys are shown as a get with R=1 shows them; the cache stays as it is.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import type { ConflictPolicy } from '../../actors/rules/bucket.js';
import { isEmptied } from '../../actors/rules/expiry.js';
import {
  nameOfStorageKey,
  partitionOfStorageKey,
  storageKeyOf,
  type StorageKey,
} from '../../actors/rules/key.js';
import { watchLimits } from '../../actors/rules/limits/watch.js';
import { standing } from '../../actors/rules/operations.js';
import { emptyState, type Digest, type KeyState } from '../../actors/rules/versions.js';
import { contextForReader, valuesOf } from '../../actors/rules/view.js';
import { Buckets } from '../buckets/buckets.js';
import { NodeOptions } from '../options/node-options.js';
import { Clock } from '../seams/clock.js';
import { Random } from '../seams/random.js';
import { Store } from '../store/store.js';
import { encodeContext } from '../wire/key-state-codec.js';
import type {
  ChangesAnswer,
  FeedFilter,
  FeedLife,
  FeedQuestion,
  FeedRow,
  KeysAnswer,
  LastAnswer,
  RootsAnswer,
} from '../wire/protocol/feed.js';

type Question<K extends FeedQuestion['kind']> = Extract<FeedQuestion, { readonly kind: K }>;

@scoped(Lifecycle.ContainerScoped)
export class FeedSource {
  readonly life: FeedLife;

  constructor(
    @inject(Store) private readonly store: Store,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(NodeOptions) private readonly options: NodeOptions,
    @inject(Clock) private readonly clock: Clock,
    @inject(Random) random: Random,
  ) {
    this.life = random.bytes(8).toString('hex');
  }

  last(): LastAnswer {
    return { life: this.life, last: this.store.recent.last };
  }

  roots({ life, after, from }: Question<'roots'>): RootsAnswer {
    const { recent, trees } = this.store;
    const { partitions: count } = this.options;
    const partitions: number[] = [];
    const roots: Digest[] = [];
    let partition = from;
    for (; partition < count && roots.length < watchLimits.answerRootsMax; partition++) {
      const isAsked =
        life === this.life ? recent.lastOf(partition) > after : trees.keysOf(partition) > 0;
      if (!isAsked) continue;
      partitions.push(partition);
      roots.push(trees.root(partition));
    }
    return { ...this.last(), partitions, roots, next: partition < count ? partition : 0 };
  }

  changes({ life, after, partitions, filter }: Question<'changes'>): ChangesAnswer {
    const { recent } = this.store;
    const isTold = life === this.life && after >= recent.forgotten && after <= recent.last;
    if (!isTold) return { ...this.last(), upTo: undefined, rows: [] };
    const to = Math.min(recent.last, after + watchLimits.answerLookedAtMax);
    const page = new Page();
    const keys = new Set<StorageKey>();
    let upTo = after;
    for (; upTo < to && !page.isFull; upTo++) {
      const key = recent.keyOf(upTo + 1);
      if (key === undefined || keys.has(key)) continue;
      if (!partitions.has(partitionOfStorageKey(key)) || !isAsked(key, filter)) continue;
      keys.add(key);
      // What went since (its deletion was forgotten) is shown as deleted.
      page.add(this.rowOf(key, filter));
    }
    return { ...this.last(), upTo, rows: page.rows };
  }

  keys({ partitions, after, filter }: Question<'keys'>): KeysAnswer {
    const before = this.last();
    const page = new Page();
    let left = watchLimits.answerLookedAtMax;
    const first = after === '' ? 0 : partitionOfStorageKey(after);
    for (const partition of [...partitions].sort((a, b) => a - b)) {
      if (partition < first) continue;
      const start = storageKeyOf({ partition, bucket: filter.bucket, key: '' });
      let from = after > start ? after : start;
      for (let isMore = true; isMore;) {
        const found = this.store.scan({ partition, after: from, limit: watchLimits.scanKeys });
        isMore = found.length === watchLimits.scanKeys;
        for (const { key } of found) {
          if (!key.startsWith(start)) {
            isMore = false;
            break;
          }
          if (page.isFull || left-- <= 0) return { ...before, rows: page.rows, upTo: from };
          from = key;
          if (!filter.pattern.matches(nameOfStorageKey(key).key)) continue;
          const row = this.rowOf(key, filter);
          if (row.shown === 'live' || filter.deleted) page.add(row);
        }
      }
      left--;
    }
    return { ...before, rows: page.rows, upTo: '' };
  }

  private rowOf(storageKey: StorageKey, { values: wanted }: FeedFilter): FeedRow {
    const { bucket, key } = nameOfStorageKey(storageKey);
    const state = this.store.peek(storageKey)?.state ?? emptyState;
    const nowMs = this.clock.wallMs();
    const { conflict } = this.buckets.of(bucket);
    return rowOf(key, state, { nowMs, conflict, wanted });
  }
}

function isAsked(storageKey: StorageKey, { bucket, pattern }: FeedFilter): boolean {
  if (!storageKey.startsWith(bucket, 2) || storageKey.charCodeAt(2 + bucket.length) !== 0)
    return false;
  return pattern.matches(storageKey.slice(3 + bucket.length));
}

function rowOf(
  key: FeedRow['key'],
  state: KeyState,
  how: { readonly nowMs: number; readonly conflict: ConflictPolicy; readonly wanted: boolean },
): FeedRow {
  const values = valuesOf(state, how);
  const context = encodeContext(contextForReader(state));
  if (values.length > 0) {
    const bytes = values.reduce((sum, value) => sum + (value?.length ?? 0), 0);
    const isBig = state.siblings.some(({ manifest }) => manifest === true);
    const told = how.wanted && !isBig && bytes <= watchLimits.rowBytesMax;
    const siblings = values.length;
    return { key, shown: 'live', context, siblings, values: told ? values : undefined };
  }
  const isExpired = standing(state.siblings).some(
    (sibling) => sibling.value !== null || isEmptied(sibling),
  );
  const shown = isExpired ? 'expired' : 'deleted';
  return { key, shown, context, siblings: 0, values: undefined };
}

/** Rows of one answer. One that is larger than that goes alone. */
class Page {
  readonly rows: FeedRow[] = [];
  private bytes = 0;

  get isFull(): boolean {
    return (
      this.rows.length >= watchLimits.answerRowsMax || this.bytes >= watchLimits.answerBytesMax
    );
  }

  add(row: FeedRow): void {
    this.rows.push(row);
    this.bytes += bytesOfRow(row);
  }
}

export function bytesOfRow({ key, context, values = [] }: FeedRow): number {
  return values.reduce((sum, value) => sum + (value?.length ?? 0), key.length + context.length);
}

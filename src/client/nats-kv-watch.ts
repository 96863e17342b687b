/** A watch in the manner of NATS' key-value store, over that of a bucket. */
import type { Bucket } from './bucket.js';
import type { BucketWatch } from './bucket-watch.js';
import { Entry } from './entry.js';
import { NatsKvEntry, NatsKvIterator } from './nats-kv-entry.js';
import { NatsKvFilter } from './nats-kv-filter.js';
import { raw } from './value-codec.js';
import type { WatchedKey, WatchStatus } from './watch-messages.js';

export interface NatsKvWatchOptions {
  /** Keys, or patterns as subjects of NATS have them; all unless told. */
  readonly key?: string | readonly string[] | undefined;
  /** Values are empty; it spares nothing. */
  readonly headers_only?: boolean | undefined;
  /** Called once when all that was there has been given. */
  readonly initializedFn?: (() => void) | undefined;
  readonly ignoreDeletes?: boolean | undefined;
  /**
   * `''`: what is there, deletes that are remembered too, then changes. The same for `history`: a
   * key has no other values.
   */
  readonly include?: '' | 'history' | 'updates' | undefined;
  /** The `cursor` of an earlier watch, where NATS resumes from a revision. */
  readonly resumeFrom?: string | undefined;
  /** Called when it is behind, or tells keys anew; NATS has nothing like it. */
  readonly onStatus?: ((status: WatchStatus) => void) | undefined;
}

type RawBucket = Bucket<Uint8Array, Uint8Array | string>;

export class NatsKvWatch extends NatsKvIterator<NatsKvEntry> {
  private constructor(
    entries: AsyncGenerator<NatsKvEntry, void, undefined>,
    private readonly events: BucketWatch<Uint8Array>,
  ) {
    super(entries, () => events.end());
  }

  static of(bucket: RawBucket, options: NatsKvWatchOptions): NatsKvWatch {
    const filter = new NatsKvFilter(options.key);
    const events = bucket.watch({
      keys: filter.pattern,
      include: options.include === 'updates' ? 'updates' : 'history',
      values: true,
      resumeFrom: options.resumeFrom,
    });
    return new NatsKvWatch(entriesOf({ bucket, filter, events, options }), events);
  }

  /** Where another watch can go on, as its `resumeFrom`. */
  get cursor(): string | undefined {
    return this.events.cursor;
  }
}

async function* entriesOf(watch: {
  readonly bucket: RawBucket;
  readonly filter: NatsKvFilter;
  readonly events: BucketWatch<Uint8Array>;
  readonly options: NatsKvWatchOptions;
}): AsyncGenerator<NatsKvEntry, void, undefined> {
  const { bucket, filter, events, options } = watch;
  const { initializedFn, ignoreDeletes = false, headers_only: isBare = false } = options;
  let isInitialized = false;
  for await (const event of events) {
    if (event.type === 'status') options.onStatus?.(event);
    else if (event.type === 'marker') {
      if (!isInitialized) initializedFn?.();
      isInitialized = true;
    } else {
      const { key, deleted } = event;
      // Other keys than text are none of NATS'.
      if (typeof key !== 'string' || !filter.matches(key) || (ignoreDeletes && deleted)) continue;
      yield new NatsKvEntry(bucket.name, key, await entryOf(bucket, key, event), isBare);
    }
  }
}

/** Values that did not fit a message are got. */
async function entryOf(
  bucket: RawBucket,
  key: string,
  { deleted, context, values }: WatchedKey<Uint8Array>,
): Promise<Entry<Uint8Array>> {
  if (!deleted && values === undefined) return bucket.read(key);
  return new Entry(key, values ?? [], context, undefined, raw);
}

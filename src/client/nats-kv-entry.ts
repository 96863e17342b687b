/** One key as NATS' key-value store shows it, and the loops it hands them out by. */
import { ConflictError, type Entry } from './entry.js';
import { text } from './value-codec.js';

const nothing = new Uint8Array(0);

/**
 * `DEL`: the key was deleted, or has expired, not so long ago that it is forgotten. There is no
 * `PURGE`: no history is kept that could be purged.
 */
export type NatsKvOperation = 'PUT' | 'DEL';

export class NatsKvEntry {
  readonly operation: NatsKvOperation;
  /**
   * A token for `update` and `previousSeq`, where NATS has a number: the context of this entry.
   * Two of them can be compared for being equal, and in no other way.
   */
  readonly revision: string;

  /** @internal */
  constructor(
    readonly bucket: string,
    readonly key: string,
    /** As the other API of the client has it. */
    readonly entry: Entry<Uint8Array>,
    /** Its value is empty, whatever it is. */
    private readonly isBare = false,
  ) {
    this.operation = entry.exists ? 'PUT' : 'DEL';
    this.revision = entry.context.toString();
  }

  /** More than one where writers did not know of each other; none of a delete. */
  get values(): readonly Uint8Array[] {
    return this.entry.values;
  }

  /** Empty of a delete. Throws `ConflictError` where there are several values. */
  get value(): Uint8Array {
    return this.isBare ? nothing : this.one();
  }

  /** Bytes of the value; throws as `value` does. */
  get length(): number {
    return this.one().length;
  }

  // As NATS has it: `T` is believed.
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  json<T>(): T {
    return JSON.parse(this.string()) as T;
  }

  string(): string {
    return text.decode(this.value);
  }

  private one(): Uint8Array {
    const [value, ...others] = this.values;
    if (others.length > 0) throw new ConflictError(this.entry);
    return value ?? nothing;
  }
}

/** As NATS' iterators: a `for await` that somebody else can end by `stop()`. */
export class NatsKvIterator<T> implements AsyncIterableIterator<T> {
  private isStopped = false;

  /** @internal `onStop` has the source give what it waits for, or end. */
  constructor(
    private readonly source: AsyncGenerator<T, void, undefined>,
    private readonly onStop: () => void = () => undefined,
  ) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<T>> {
    if (this.isStopped) return { done: true, value: undefined };
    const next = await this.source.next();
    return this.isStopped ? { done: true, value: undefined } : next;
  }

  return(): Promise<IteratorResult<T>> {
    this.stop();
    return Promise.resolve({ done: true, value: undefined });
  }

  stop(): void {
    if (this.isStopped) return;
    this.isStopped = true;
    this.onStop();
    void this.source.return(undefined);
  }
}

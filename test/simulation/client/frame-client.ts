/** The TypeScript client on a simulated bus, in the shape that work clients use. */
import type { Bucket, Key } from '../../../src/client/bucket.js';
import { BigValueError } from '../../../src/client/big-entry.js';
import { QuorateClient } from '../../../src/client/client.js';
import type { Entry } from '../../../src/client/entry.js';
import { ConditionError, QuorateError } from '../../../src/errors.js';
import type { Clock } from '../../../src/seams/clock.js';
import { receiptText } from '../../../src/wire/receipt.js';
import type { SimRandom } from '../core/sim-random.js';
import type { SimBus } from '../seams/sim-bus.js';
import type { KeyValueApi } from '../workload/work-client.js';
import type {
  Failure,
  GetOptions,
  GetResult,
  ListOptions,
  ListResult,
  PutOptions,
  PutResult,
} from './plain-client.js';

type Handle = Bucket<Uint8Array, Uint8Array | string>;

export class FrameClient implements KeyValueApi {
  private readonly client: QuorateClient;
  private readonly buckets = new Map<string, Handle>();

  constructor(parts: { readonly bus: SimBus; readonly clock: Clock; readonly random: SimRandom }) {
    this.client = new QuorateClient(parts);
  }

  put(
    name: string,
    value: Buffer | null,
    options: PutOptions,
    done: (result: PutResult) => void,
  ): void {
    const { bucket, key } = this.place(name);
    const { w, strict, timeoutMs, context, operation, ttlMs, onlyIf } = options;
    const terms = { w, strict, timeoutMs, context, operation, if: onlyIf };
    const writing =
      value === null ? bucket.delete(key, terms) : bucket.put(key, value, { ...terms, ttlMs });
    void tell(putResultOf(writing), done);
  }

  get(name: string, options: GetOptions, done: (result: GetResult) => void): void {
    const { bucket, key } = this.place(name);
    const { r, strict, timeoutMs } = options;
    void tell(getResultOf(bucket.read(key, { r, strict, timeoutMs })), done);
  }

  list(bucket: string, options: ListOptions, done: (result: ListResult) => void): void {
    const { r, strict, timeoutMs, limit } = options;
    const listing = this.bucket(bucket).keys({ r, strict, timeoutMs, pageKeys: limit });
    void tell(listResultOf(listing.all()), done);
  }

  private place(name: string): { bucket: Handle; key: string } {
    const at = name.indexOf('/');
    return { bucket: this.bucket(name.slice(0, at)), key: name.slice(at + 1) };
  }

  private bucket(name: string): Handle {
    let bucket = this.buckets.get(name);
    if (bucket === undefined) {
      bucket = this.client.bucket(name);
      this.buckets.set(name, bucket);
    }
    return bucket;
  }
}

async function tell<T>(result: Promise<T>, done: (result: T) => void): Promise<void> {
  done(await result);
}

async function putResultOf(writing: ReturnType<Handle['put']>): Promise<PutResult> {
  try {
    const { context, receipt } = await writing;
    return { kind: 'done', context: context.toString(), receipt: receiptText(receipt) };
  } catch (error) {
    return failureOf(error);
  }
}

async function getResultOf(reading: ReturnType<Handle['read']>): Promise<GetResult> {
  try {
    const { siblings, context, receipt, exists } = await reading;
    const shown = { context: context.toString(), receipt: receipt ? receiptText(receipt) : '' };
    const values = siblings.map((value) => (value === null ? null : Buffer.from(value)));
    return exists ? { kind: 'found', ...shown, values } : { kind: 'absent', ...shown };
  } catch (error) {
    return failureOf(error);
  }
}

async function listResultOf(listing: Promise<readonly Key[]>): Promise<ListResult> {
  try {
    return { kind: 'listed', keys: (await listing).map((key) => Buffer.from(key).toString()) };
  } catch (error) {
    return failureOf(error);
  }
}

/** Anything but the client's own errors is a fault of the client. */
function failureOf(error: unknown): Failure {
  // Plain clients put those, and read them.
  if (error instanceof BigValueError)
    return { kind: 'failed', code: 413, outcome: 'unknown', message: error.message };
  if (!(error instanceof QuorateError)) throw error;
  const { code, outcome, message } = error;
  const failure = { kind: 'failed', code, outcome, message } as const;
  if (!(error instanceof ConditionError) || error.entry === undefined) return failure;
  const { context, siblings } = error.entry as Entry<Uint8Array>;
  const values = siblings.map((value) => (value === null ? null : Buffer.from(value)));
  return { ...failure, instead: { context: context.toString(), values } };
}

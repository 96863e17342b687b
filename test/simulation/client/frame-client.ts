/** The TypeScript client on a simulated bus, in the shape that work clients use. */
import type { Bucket } from '../../../src/client/bucket.js';
import { QuorateClient } from '../../../src/client/client.js';
import type { Entry } from '../../../src/client/entry.js';
import { ConditionError, QuorateError } from '../../../src/errors.js';
import type { Clock } from '../../../src/seams/clock.js';
import { receiptText } from '../../../src/wire/receipt.js';
import type { SimRandom } from '../core/sim-random.js';
import type { SimBus } from '../seams/sim-bus.js';
import type { KeyValueApi } from '../workload/work-client.js';
import type { Failure, GetOptions, GetResult, PutOptions, PutResult } from './plain-client.js';

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

  private place(name: string): { bucket: Handle; key: string } {
    const at = name.indexOf('/');
    const bucketName = name.slice(0, at);
    let bucket = this.buckets.get(bucketName);
    if (bucket === undefined) {
      bucket = this.client.bucket(bucketName);
      this.buckets.set(bucketName, bucket);
    }
    return { bucket, key: name.slice(at + 1) };
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

/** Anything but the client's own errors is a fault of the client. */
function failureOf(error: unknown): Failure {
  if (!(error instanceof QuorateError)) throw error;
  const { code, outcome, message } = error;
  const failure = { kind: 'failed', code, outcome, message } as const;
  if (!(error instanceof ConditionError) || error.entry === undefined) return failure;
  const { context, siblings } = error.entry as Entry<Uint8Array>;
  const values = siblings.map((value) => (value === null ? null : Buffer.from(value)));
  return { ...failure, instead: { context: context.toString(), values } };
}

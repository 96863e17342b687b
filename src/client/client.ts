/** One connection to a cluster; buckets are handles on it. */
import type { ByteString } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { clientLimits } from '../../actors/rules/limits/client.js';
import { MalformedError } from '../errors.js';
import type { Bus } from '../seams/bus.js';
import type { Clock } from '../seams/clock.js';
import type { Random } from '../seams/random.js';
import { isPrefix, Subjects } from '../wire/subjects.js';
import { bucketOf, timeoutMsOf, type BucketDefaults } from './bucket-options.js';
import { Bucket } from './bucket.js';
import { ClientBuckets } from './buckets.js';
import type { BucketClient } from './bucket-client.js';
import { Replicas } from './crdt/replicas.js';
import { Dispatcher } from './dispatcher.js';
import { pendingBoundsDefault } from './pending.js';
import { askPlainly } from './plain-ask.js';
import { Questions } from './questions.js';
import { RequestTrace } from './request-trace.js';
import { TermsTable, type Request, type Terms } from './request.js';
import { retryOptionsDefault, type RetryOptions } from './retry-budget.js';
import { raw, type ValueCodec } from './value-codec.js';
import { BucketWatch, type WatchOptions } from './bucket-watch.js';
import { Watch } from './watch.js';

export interface ClientOptions {
  /** The cluster's, `kv` unless told. */
  readonly prefix?: string | undefined;
  /** Deadline of a request with all its retries, ms; 5 000 unless told. */
  readonly timeoutMs?: number | undefined;
  readonly retry?: Partial<RetryOptions> | undefined;
  /** Requests in flight, past which a request is refused with `OverloadedError`. */
  readonly requestsInFlightMax?: number | undefined;
}

export interface ClientParts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
}

export class QuorateClient {
  private readonly bus: Bus;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly dispatcher: Dispatcher;
  /** What buckets promise: asked for, and changed while the cluster runs. */
  readonly buckets: ClientBuckets;
  private readonly terms = new TermsTable();
  private readonly questions: Questions;
  private readonly watches = new Set<{ end(): void }>();
  private readonly shared: BucketClient;
  private readonly operationPrefix: string;
  private operations = 0;
  private closed: Promise<void> | undefined;

  /** @internal Use `connect`. */
  constructor(
    { bus, clock, random }: ClientParts,
    { prefix = 'kv', timeoutMs, retry, requestsInFlightMax }: ClientOptions = {},
  ) {
    if (!isPrefix(prefix))
      throw new MalformedError(`no prefix of a cluster: ${JSON.stringify(prefix)}`);
    const timeoutMsDefault = timeoutMsOf(timeoutMs ?? limits.requestTimeoutMsDefault);
    this.bus = bus;
    this.clock = clock;
    this.random = random;
    // The prefix is what makes it unique; a number is enough to tell this client's own operations
    // apart.
    this.operationPrefix = random.bytes(6).toString('base64url');
    this.dispatcher = new Dispatcher(bus, clock, random, {
      prefix,
      framesPerLaneMax: clientLimits.framesPerLaneMax,
      retry: { ...retryOptionsDefault, ...retry },
      bounds: {
        ...pendingBoundsDefault,
        ...(requestsInFlightMax === undefined ? {} : { requestsMax: requestsInFlightMax }),
      },
    });
    this.questions = new Questions(bus, clock, random);
    const subjects = new Subjects(prefix);
    this.buckets = new ClientBuckets({ bus, clock, prefix, timeoutMs: timeoutMsDefault });
    this.shared = {
      prefix,
      clock,
      ask: (question) => askPlainly(bus, clock, question),
      timeoutMs: timeoutMsDefault,
      intern: (terms: Omit<Terms, 'id'>) => this.terms.intern(terms),
      nextOperation: () => this.nextOperation(),
      submit: (request: Request) => this.dispatcher.submit(request),
      replicas: new Replicas(() => random.bytes(9).toString('base64url')),
      isResolvedByService: (bucket) => this.dispatcher.isResolvedByService(bucket),
      watch: (bucket, pattern) => this.watch({ prefix, bucket }, pattern),
      askAny: (question) => this.questions.ask(question),
      keysSubject: (bucket) => subjects.keys(bucket),
      follow: (bucket, codec, options) => this.follow({ prefix, bucket, codec }, options),
    };
  }

  /**
   * A handle; the bucket need not exist. `defaults` hold for every request made through it.
   *
   * With a codec first: TypeScript fixes what a resolver is given by the first of these that it
   * tries, and one for bytes would not fit values.
   */
  bucket<Out, In = Out>(
    name: string,
    defaults: BucketDefaults<Out, In> & {
      readonly codec: NonNullable<BucketDefaults<Out, In>['codec']>;
    },
  ): Bucket<Out, In>;
  bucket(
    name: string,
    defaults?: BucketDefaults<Uint8Array, Uint8Array | string> & { readonly codec?: undefined },
  ): Bucket<Uint8Array, Uint8Array | string>;
  bucket<Out, In>(name: string, defaults: BucketDefaults<Out, In> = {}): Bucket<Out, In> {
    const codec = defaults.codec ?? (raw as unknown as NonNullable<typeof defaults.codec>);
    return new Bucket(name, bucketOf(name), this.shared, codec, defaults);
  }

  /** For one request, which is then put under the glass: given as its option `trace`. */
  trace(): RequestTrace {
    return new RequestTrace(this.random.bytes(8).toString('hex'), this.clock);
  }

  /**
   * Takes nothing more, waits for what is in flight (at most until its deadlines), and disconnects.
   */
  close(): Promise<void> {
    this.closed ??= this.finish();
    return this.closed;
  }

  private async finish(): Promise<void> {
    for (const watch of this.watches) watch.end();
    this.questions.close();
    await this.dispatcher.close();
    await this.bus.close();
  }

  private nextOperation(): ByteString {
    return `${this.operationPrefix}${(this.operations++).toString(36)}`;
  }

  private watch(
    source: { readonly prefix: string; readonly bucket: string },
    pattern: string,
  ): Watch {
    const watch = new Watch(this.bus, source, pattern, (ended) => this.watches.delete(ended));
    this.watches.add(watch);
    return watch;
  }

  private follow<Out>(
    source: {
      readonly prefix: string;
      readonly bucket: string;
      readonly codec: ValueCodec<Out, never>;
    },
    options: WatchOptions,
  ): BucketWatch<Out> {
    const { bus, clock } = this;
    const onEnd = (): void => void this.watches.delete(watch);
    const watch: BucketWatch<Out> = new BucketWatch({ bus, clock, ...source }, options, onEnd);
    this.watches.add(watch);
    return watch;
  }
}

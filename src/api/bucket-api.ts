/**
 * The way in for what buckets promise, of any NATS client: `kv.bucket.<verb>.<bucket>`, JSON there
 * and back (`src/wire/bucket-form.ts`). Any node answers.
 *
 *   nats req kv.bucket.create.orders '{"n":3,"ttlMs":3600000}'
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import { defaultsName, optionsIn, rowOf } from '../../actors/rules/bucket-book.js';
import type { BucketWish } from '../../actors/rules/bucket-wishes.js';
import type { Configuration } from '../../actors/rules/configuration.js';
import type { ByteString } from '../../actors/rules/key.js';
import { bucketLimits } from '../../actors/rules/limits/buckets.js';
import { Buckets } from '../buckets/buckets.js';
import { MalformedError, NotFoundError, OverloadedError, QuorateError } from '../errors.js';
import { BucketChanges } from '../membership/bucket-changes.js';
import { NodeOptions } from '../options/node-options.js';
import { Bus, type BusMessage, type BusSubscription } from '../seams/bus.js';
import {
  type BucketChanged,
  bucketFormOf,
  type BucketInfo,
  type BucketList,
  bucketListOf,
  type BucketVerb,
  bucketVerbs,
  defaultsWishOf,
  ownOptionsOf,
} from '../wire/bucket-form.js';
import { shownName } from '../wire/shown-bytes.js';
import { isInbox, Subjects } from '../wire/subjects.js';
import { byteStringOf } from '../wire/text.js';
import { BucketCounting } from './bucket-counting.js';
import { errorHeaders } from './headers.js';
import { checkBucket, checkText } from './names.js';
import { Traffic, type Taken } from './traffic.js';
import { WorkQueue } from './work-queue.js';

const nothing = Buffer.alloc(0);

@scoped(Lifecycle.ContainerScoped)
export class BucketApi {
  private readonly root: string;
  private subscription: BusSubscription | undefined;
  private underway = 0;

  constructor(
    @inject(Bus) private readonly bus: Bus,
    @inject(BucketChanges) private readonly changes: BucketChanges,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(BucketCounting) private readonly counting: BucketCounting,
    @inject(NodeOptions) options: NodeOptions,
    @inject(Traffic) private readonly traffic: Traffic,
    @inject(WorkQueue) private readonly queue: WorkQueue,
  ) {
    this.root = new Subjects(options.prefix).bucket('');
  }

  open(): void {
    this.subscription = this.queue.subscribe(`${this.root}>`, (message) => this.take(message));
  }

  close(): void {
    this.subscription?.unsubscribe();
  }

  private take(message: BusMessage): void {
    const { reply, subject } = message;
    if (reply === '') return;
    if (!isInbox(reply)) {
      this.traffic.repliesRefused.value++;
      return;
    }
    const taken = this.traffic.take('bucket');
    let verb: BucketVerb | undefined;
    try {
      if (this.underway >= bucketLimits.questionsMax)
        throw new OverloadedError('this node has other questions about buckets: ask again');
      checkText(subject);
      const [word, name, beyond] = subject.slice(this.root.length).split('.', 3);
      // A third word is no part of a name: what it was meant for must not befall another bucket.
      verb = beyond === undefined ? bucketVerbs.find((each) => each === word) : undefined;
      // What it was asked is read within the turn: the bytes are lent.
      const answer = this.answerTo(verb, name, message.data);
      void this.tell({ reply, taken, isWrite: isWrite(verb) }, answer);
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      this.refuse({ reply, taken, isWrite: isWrite(verb) }, error);
    }
  }

  private answerTo(
    verb: BucketVerb | undefined,
    text: string | undefined,
    data: Uint8Array,
  ): Promise<BucketChanged | BucketList | BucketInfo> {
    const isNamed = verb !== 'ls' && verb !== 'defaults';
    if (verb === undefined || (text !== undefined) !== isNamed)
      throw new MalformedError(
        `what is asked of buckets goes to ${this.root}create, set, rm or info, with .<bucket> behind it, ${this.root}ls or ${this.root}defaults`,
      );
    if (verb === 'ls') return Promise.resolve(bucketListOf(this.changes.known, this.buckets.book));
    if (verb === 'defaults') return this.changed({ ask: verb, ...defaultsWishOf(data) });
    const name = byteStringOf(text!);
    checkBucket(name);
    if (verb === 'info') return this.info(name);
    if (verb === 'rm') return this.changed({ ask: 'remove', name });
    return this.changed({ ask: verb, name, own: ownOptionsOf(data) });
  }

  private async changed(wish: BucketWish): Promise<BucketChanged> {
    const name = wish.ask === 'defaults' ? defaultsName : wish.name;
    this.checkThere(wish, name);
    const configuration = await this.changes.change(wish);
    const { replicas = [] } = configuration.move ?? {};
    return {
      bucket: this.formOf(configuration, name),
      configuration: configuration.number,
      moving: replicas.some((change) => change.name === name),
    };
  }

  private checkThere({ ask }: BucketWish, name: ByteString): void {
    const { book } = this.buckets;
    const isMissing = name !== defaultsName && rowOf(book, name) === undefined;
    if (isMissing && (ask === 'set' || (ask === 'remove' && book.unknown === 'declared')))
      throw new NotFoundError(noSuchBucket(name));
  }

  private formOf({ buckets, move }: Configuration, name: ByteString): BucketChanged['bucket'] {
    const book = buckets ?? this.buckets.book;
    const row = rowOf(book, name);
    const closing = row?.closing === true;
    return bucketFormOf({ name, options: optionsIn(book, name), closing }, move?.replicas);
  }

  private async info(name: ByteString): Promise<BucketInfo> {
    const { book } = this.buckets;
    if (rowOf(book, name) === undefined && book.unknown === 'declared')
      throw new NotFoundError(noSuchBucket(name));
    const counted = await this.counting.count(name);
    return { bucket: this.formOf(this.changes.known, name), ...counted };
  }

  private async tell(
    asked: Asked,
    answer: Promise<BucketChanged | BucketList | BucketInfo>,
  ): Promise<void> {
    this.underway++;
    try {
      const bytes = Buffer.from(JSON.stringify(await answer));
      asked.taken.answered();
      this.bus.publish(asked.reply, bytes);
    } catch (error) {
      const known = error instanceof QuorateError;
      this.refuse(asked, known ? error : new QuorateError(503, String(error), 'unknown'));
    } finally {
      this.underway--;
    }
  }

  private refuse({ reply, taken, isWrite: write }: Asked, error: QuorateError): void {
    taken.answered(error);
    this.bus.publish(reply, nothing, { headers: errorHeaders(error, { write }) });
  }
}

interface Asked {
  readonly reply: string;
  readonly taken: Taken;
  readonly isWrite: boolean;
}

function isWrite(verb: BucketVerb | undefined): boolean {
  return verb !== 'info' && verb !== 'ls';
}

function noSuchBucket(name: ByteString): string {
  const shown = shownName(name);
  return `there is no bucket ${shown}: quorate bucket create ${shown}`;
}

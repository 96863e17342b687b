/** What buckets of the cluster promise: asked for, and changed while it runs. */
import type { BucketOptions } from '../../actors/rules/bucket.js';
import type { BucketBook } from '../../actors/rules/bucket-book.js';
import {
  BucketChangeError,
  DeadlineError,
  errorOfCode,
  MalformedError,
  UnavailableError,
  type Outcome,
} from '../errors.js';
import type { Bus, BusMessage } from '../seams/bus.js';
import type { Clock } from '../seams/clock.js';
import {
  type BucketChanged,
  type BucketInfo,
  type BucketList,
  type BucketVerb,
  durabilityText,
} from '../wire/bucket-form.js';
import { headerNames, Subjects } from '../wire/subjects.js';
import { bucketOf } from './bucket-options.js';

/** Of a bucket; what is left out stays, or is as the defaults have it where it is created. */
export type BucketProperties = Partial<Omit<BucketOptions, 'durability'>> & {
  /** `node`: as each node is told. */
  readonly durability?: BucketOptions['durability'] | 'node';
};

export interface ClientBucketsParts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly prefix: string;
  readonly timeoutMs: number;
}

export class ClientBuckets {
  private readonly subjects: Subjects;

  /** @internal Use `client.buckets`. */
  constructor(private readonly parts: ClientBucketsParts) {
    this.subjects = new Subjects(parts.prefix);
  }

  /**
   * With another N than buckets have that say nothing, R and W are a majority of it unless they are
   * said, and keys that are there already move. Throws `BucketChangeError` when there is such a
   * bucket, when it is being removed, and when it can't be so.
   */
  create(name: string, properties: BucketProperties = {}): Promise<BucketChanged> {
    return this.change('create', name, properties);
  }

  /**
   * What is given, at once; another N begins a move. Throws `NotFoundError` without such a bucket,
   * `BucketChangeError` when something stands in the way, as a move that is under way does.
   */
  set(name: string, properties: BucketProperties): Promise<BucketChanged> {
    return this.change('set', name, properties);
  }

  /**
   * Nothing is served of it from now on, and all its keys go for good. Until no node holds any,
   * which takes those that are away to come back or to be removed, its name is not free.
   */
  remove(name: string): Promise<BucketChanged> {
    return this.change('rm', name, {});
  }

  /** Of buckets that say nothing; `unknown`: whether those that were not created are served. */
  setDefaults(
    properties: BucketProperties & { readonly unknown?: BucketBook['unknown'] },
  ): Promise<BucketChanged> {
    const { unknown, ...others } = properties;
    const said = { ...formOf(others), ...(unknown !== undefined && { unknown }) };
    return this.ask('defaults', undefined, said) as Promise<BucketChanged>;
  }

  /** Counted where keys are read: what is put meanwhile may be missing. */
  info(name: string): Promise<BucketInfo> {
    bucketOf(name);
    return this.ask('info', name, undefined) as Promise<BucketInfo>;
  }

  list(): Promise<BucketList> {
    return this.ask('ls', undefined, undefined) as Promise<BucketList>;
  }

  private change(
    verb: BucketVerb,
    name: string,
    properties: BucketProperties,
  ): Promise<BucketChanged> {
    bucketOf(name);
    return this.ask(verb, name, formOf(properties)) as Promise<BucketChanged>;
  }

  private ask(verb: BucketVerb, name: string | undefined, said: unknown): Promise<unknown> {
    const { bus, clock, timeoutMs } = this.parts;
    const subject = this.subjects.bucket(name === undefined ? verb : `${verb}.${name}`);
    const payload = said === undefined ? nothing : Buffer.from(JSON.stringify(said));
    return new Promise((resolve, reject) => {
      const inbox = bus.inbox();
      const end = (conclude: () => void): void => {
        clock.clearTimeout(deadline);
        subscription.unsubscribe();
        conclude();
      };
      const subscription = bus.subscribe(inbox, (message) =>
        end(() => {
          try {
            resolve(answerOf(message));
          } catch (error) {
            reject(error instanceof Error ? error : new UnavailableError(String(error)));
          }
        }),
      );
      const deadline = clock.setTimeout(
        () => end(() => reject(new DeadlineError('no node answered in time'))),
        timeoutMs,
      );
      bus.publish(subject, payload, { reply: inbox });
    });
  }
}

const nothing = new Uint8Array(0);

function formOf({ durability, ...others }: BucketProperties): Record<string, unknown> {
  if (durability === undefined) return others;
  const text = durability === 'node' ? durability : durabilityText(durability);
  return { ...others, durability: text };
}

function answerOf(message: BusMessage): unknown {
  if (message.noResponders) throw new UnavailableError('no node of the cluster is there');
  const code = message.header(headerNames.errorCode);
  if (code !== undefined) {
    const text = message.header(headerNames.error) ?? '';
    const outcome: Outcome = message.header(headerNames.outcome) === 'unknown' ? 'unknown' : 'none';
    throw code === '409' ? new BucketChangeError(text) : errorOfCode(Number(code), text, outcome);
  }
  try {
    return JSON.parse(Buffer.from(message.data).toString('utf8'));
  } catch {
    throw new MalformedError('a node answered with no JSON');
  }
}

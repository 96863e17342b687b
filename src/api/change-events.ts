/**
 * `kv.changed.<bucket>.<key>`: a put or delete met its quorum. Headers: the context its author was
 * given, and `Kv-Deleted: true` for a delete. Or the last value of the key has expired, and no node
 * shows it any more: `Kv-Deleted: expired`, and the context of what is left. Lost like any NATS
 * message when nobody listens; keys that can't be a subject have none.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import type { ByteString } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { Buckets } from '../buckets/buckets.js';
import { Coordinator, type Change } from '../coordinator/coordinator.js';
import { NodeOptions } from '../options/node-options.js';
import { Expiry, type ExpiredKey } from '../replica/expiry.js';
import { Bus, type Announce } from '../seams/bus.js';
import { headerNames, Subjects } from '../wire/subjects.js';
import { textOf } from '../wire/text.js';
import { keySubjectOf } from './names.js';

interface BucketEvents {
  readonly put: Announce;
  readonly deleted: Announce;
  readonly expired: Announce;
}

@scoped(Lifecycle.ContainerScoped)
export class ChangeEvents {
  private readonly subjects: Subjects;
  private readonly byBucket = new Map<ByteString, BucketEvents>();

  constructor(
    @inject(Bus) private readonly bus: Bus,
    @inject(Coordinator) private readonly coordinator: Coordinator,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(NodeOptions) private readonly options: NodeOptions,
    @inject(Expiry) private readonly expiry: Expiry,
  ) {
    this.subjects = new Subjects(options.prefix);
  }

  open(): void {
    if (!this.options.changeEvents) return;
    this.coordinator.onChanged((change) => this.publish(change));
    this.expiry.onExpired((expired) => this.publishExpired(expired));
  }

  private publishExpired({ bucket, key, context }: ExpiredKey): void {
    const keySubject = keySubjectOf(key);
    if (keySubject !== undefined) this.eventsOf(bucket)?.expired(keySubject, context);
  }

  private publish({ bucket, key, context, tombstone }: Change): void {
    const keySubject = keySubjectOf(key);
    if (keySubject === undefined || this.buckets.of(bucket).events === 'off') return;
    const events = this.eventsOf(bucket);
    if (tombstone) events?.deleted(keySubject, context);
    else events?.put(keySubject, context);
  }

  private eventsOf(bucket: ByteString): BucketEvents | undefined {
    const known = this.byBucket.get(bucket);
    if (known !== undefined) return known;
    const text = textOf(bucket);
    if (text === undefined) return undefined;
    const about = { subject: this.subjects.changed(`${text}.`), header: headerNames.context };
    const events = {
      put: this.bus.announcer(about),
      deleted: this.bus.announcer({ ...about, headers: { [headerNames.deleted]: 'true' } }),
      expired: this.bus.announcer({ ...about, headers: { [headerNames.deleted]: 'expired' } }),
    };
    if (this.byBucket.size >= limits.announcedBucketsMax) this.byBucket.clear();
    this.byBucket.set(bucket, events);
    return events;
  }
}

/**
 * `kv.changed.<bucket>.<key>`: a put or delete met its quorum. Headers: the context its author was
 * given, and `Kv-Deleted: true` for a delete. Lost like any NATS message when nobody listens; keys
 * that can't be a subject have none.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import type { ByteString } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { Coordinator, type Change } from '../coordinator/coordinator.js';
import { NodeOptions } from '../options/node-options.js';
import { Bus, type Announce } from '../seams/bus.js';
import { headerNames, Subjects } from '../wire/subjects.js';
import { textOf } from '../wire/text.js';
import { keySubjectOf } from './names.js';

interface BucketEvents {
  readonly put: Announce;
  readonly deleted: Announce;
}

@scoped(Lifecycle.ContainerScoped)
export class ChangeEvents {
  private readonly subjects: Subjects;
  private readonly byBucket = new Map<ByteString, BucketEvents>();

  constructor(
    @inject(Bus) private readonly bus: Bus,
    @inject(Coordinator) private readonly coordinator: Coordinator,
    @inject(NodeOptions) private readonly options: NodeOptions,
  ) {
    this.subjects = new Subjects(options.prefix);
  }

  open(): void {
    if (this.options.changeEvents) this.coordinator.onChanged((change) => this.publish(change));
  }

  private publish({ bucket, key, context, tombstone }: Change): void {
    const keySubject = keySubjectOf(key);
    if (keySubject === undefined) return;
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
    };
    if (this.byBucket.size >= limits.announcedBucketsMax) this.byBucket.clear();
    this.byBucket.set(bucket, events);
    return events;
  }
}

/** All ways in of one node, as its life opens and closes them. */
import { inject, Lifecycle, scoped } from 'tsyringe';
import { Bus } from '../seams/bus.js';
import { BucketApi } from './bucket-api.js';
import { ChangeEvents } from './change-events.js';
import { Documents } from './documents.js';
import { FrameApi } from './frame-api.js';
import { KeysApi } from './keys-api.js';
import { MultiApi } from './multi-api.js';
import { PutOrdering } from './put-ordering.js';
import { Service } from './service.js';
import { SubjectApi } from './subject-api.js';
import { TouchApi } from './touch-api.js';
import { Traffic } from './traffic.js';
import { WatchApi } from './watch-api.js';
import { WorkQueue } from './work-queue.js';

@scoped(Lifecycle.ContainerScoped)
export class WaysIn {
  constructor(
    @inject(Bus) private readonly bus: Bus,
    @inject(SubjectApi) private readonly subjects: SubjectApi,
    @inject(FrameApi) private readonly frames: FrameApi,
    @inject(KeysApi) private readonly keys: KeysApi,
    @inject(MultiApi) private readonly multis: MultiApi,
    @inject(TouchApi) private readonly touches: TouchApi,
    @inject(BucketApi) private readonly buckets: BucketApi,
    @inject(PutOrdering) private readonly ordering: PutOrdering,
    @inject(Documents) private readonly documents: Documents,
    @inject(ChangeEvents) private readonly changes: ChangeEvents,
    @inject(Service) private readonly service: Service,
    @inject(Traffic) readonly traffic: Traffic,
    @inject(WorkQueue) private readonly queue: WorkQueue,
    @inject(WatchApi) private readonly watches: WatchApi,
  ) {}

  /** Says what the node is, whether it serves yet or not. Once, as soon as the node has an id. */
  announce(): void {
    this.documents.open();
    this.service.register();
  }

  /** Takes requests. Once, when coordinator and replica are ready for them. */
  open(): void {
    this.changes.open();
    this.ordering.open();
    this.subjects.open();
    this.frames.open();
    this.keys.open();
    this.multis.open();
    this.touches.open();
    this.watches.open();
    this.buckets.open();
  }

  /** Takes no more; resolves when everything taken has been answered. */
  async close(): Promise<void> {
    this.subjects.close();
    this.frames.close();
    this.keys.close();
    this.multis.close();
    this.touches.close();
    this.watches.close();
    this.buckets.close();
    // Requests that were on their way are taken still; without a server there are none.
    if (this.bus.connected) await this.bus.flush().catch(() => undefined);
    await this.traffic.idle();
  }

  /** Says nothing more. */
  silence(): void {
    this.documents.close();
    this.keys.silence();
    this.queue.stop();
  }
}

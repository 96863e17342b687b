/**
 * `kv.changed.<bucket>.<key>`: a put or delete met its quorum. Headers: the context its author was given, and
 * `Kv-Deleted: true` for a delete. Lost like any NATS message when nobody listens; keys that can't be a subject have none.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import { Coordinator, type Change } from '../coordinator/coordinator.js';
import { NodeOptions } from '../node/node-options.js';
import { Bus } from '../seams/bus.js';
import { headerNames, Subjects } from '../wire/subjects.js';
import { contextText } from './headers.js';
import { subjectNameOf } from './names.js';

const nothing = Buffer.alloc(0);

@scoped(Lifecycle.ContainerScoped)
export class ChangeEvents {
  private readonly subjects: Subjects;

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

  private publish(change: Change): void {
    const name = subjectNameOf(change);
    if (name === undefined) return;
    const headers: Record<string, string> = { [headerNames.context]: contextText(change.context) };
    if (change.tombstone) headers[headerNames.deleted] = 'true';
    this.bus.publish(this.subjects.changed(name), nothing, { headers });
  }
}

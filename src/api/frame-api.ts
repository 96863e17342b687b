/**
 * The way in for the TypeScript client: `kv.frame.<node>`, many requests in one message, answered
 * by one.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import { limits } from '../../actors/rules/limits.js';
import { OwnTime } from '../bus/own-time.js';
import { QuorateError } from '../errors.js';
import { ClusterView } from '../membership/cluster-view.js';
import { NodeOptions } from '../options/node-options.js';
import { Bus, type BusMessage, type BusSubscription } from '../seams/bus.js';
import { encodeGetReply, encodePutReply, encodeRefusal } from '../wire/frame-replies.js';
import { decodeClientFrame, encodeOwnReply } from '../wire/own-frames.js';
import { isInbox, Subjects } from '../wire/subjects.js';
import { FrameRows } from './frame-rows.js';
import { OwnReads } from './own-reads.js';
import { PutOrdering } from './put-ordering.js';
import { Traffic } from './traffic.js';

@scoped(Lifecycle.ContainerScoped)
export class FrameApi {
  private subscription: BusSubscription | undefined;

  constructor(
    @inject(Bus) private readonly bus: Bus,
    @inject(FrameRows) private readonly rows: FrameRows,
    @inject(OwnReads) private readonly own: OwnReads,
    @inject(PutOrdering) private readonly puts: PutOrdering,
    @inject(ClusterView) private readonly view: ClusterView,
    @inject(NodeOptions) private readonly options: NodeOptions,
    @inject(Traffic) private readonly traffic: Traffic,
    @inject(OwnTime) private readonly time: OwnTime,
  ) {}

  open(): void {
    const subject = new Subjects(this.options.prefix).frame(this.view.self.id);
    this.subscription = this.bus.subscribe(subject, (message) => this.take(message));
  }

  close(): void {
    this.subscription?.unsubscribe();
    this.subscription = undefined;
  }

  /** As it is when the answer leaves: the connection may be to another server by then. */
  private get answerBytesMax(): number {
    return Math.min(this.bus.payloadBytesMax, limits.messageBytesMax);
  }

  private take(message: BusMessage): void {
    const { reply } = message;
    if (!isInbox(reply)) {
      this.traffic.repliesRefused.value++;
      return;
    }
    const taken = this.traffic.take('frame');
    try {
      // One copy for all rows; the message itself is gone when this turn ends.
      const frame = decodeClientFrame(Buffer.from(message.data));
      if (frame.kind === 'own') {
        const answer = encodeOwnReply(this.own.answer(frame), this.answerBytesMax);
        taken.answered();
        this.bus.publish(reply, answer);
        return;
      }
      const { kind } = frame;
      this.rows.run(frame, this.puts.readAt(taken.atMs), (outcome) => {
        taken.answered(outcome.errors[0]);
        const clock = this.time.now();
        const answer =
          kind === 'put'
            ? encodePutReply({ kind, ...outcome, clock }, this.answerBytesMax)
            : encodeGetReply({ kind, ...outcome, clock }, this.answerBytesMax);
        this.bus.publish(reply, answer);
      });
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      const { code, outcome, message } = error;
      taken.answered(error);
      const clock = this.time.now();
      this.bus.publish(reply, encodeRefusal({ code, outcome, message, clock }));
    }
  }
}

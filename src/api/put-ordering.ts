/**
 * Who coordinates a put. Blind puts are ordered by what their coordinator knows, so all of them
 * meet at the first live primary of their partition; another node passes them on. So does a node
 * that is no primary at all, with any put: it has no state of the key to build on.
 *
 * Puts passed on in one turn of the event loop to one node travel as frames (`src/wire/frames.ts`)
 * in the verb `forward` (`src/wire/protocol/forward.ts`). A put is passed on once; its receiver
 * coordinates it.
 *
 * When the other node is gone, refuses, or can't reach a quorum that this node might reach, the put
 * is coordinated here. It may then have been coordinated twice, so a put without an operation id is
 * given one before it leaves, and what is done here says that it is a later copy: siblings of one
 * operation collapse into one (`actors/rules/operations.ts`, `src/coordinator/lost-nodes.ts`).
 *
 * A forward says until when, on the receiver's clock, it may be begun (`src/bus/told-clocks.ts`):
 * what a link or a stopped process holds back is not done after it. A receiver that refuses it so
 * tells its clock, and is asked once more while there is time.
 *
 * So it is when the other node goes by another configuration, which has begun none of them: the
 * round goes by this node's, and what becomes of that is the round's business.
 *
 * A put that was read late (`src/bus/hearing.ts`) may long be done elsewhere: who took this node's
 * place knows, so it goes to the next live primary, and on to the one behind it. One that was
 * passed on is refused: who did that coordinates it, or has.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import type { NodeId } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import { coordinatorOf, nextCoordinator } from '../../actors/rules/routing.js';
import { Buckets } from '../buckets/buckets.js';
import { Hearing } from '../bus/hearing.js';
import { OwnTime } from '../bus/own-time.js';
import { Peers, type IncomingCall } from '../bus/peers.js';
import { ToldClocks } from '../bus/told-clocks.js';
import { Underway } from '../bus/underway.js';
import { Coordinator, type PutRequest } from '../coordinator/coordinator.js';
import {
  ConditionError,
  DeadlineError,
  OtherConfigurationError,
  OverloadedError,
  UnavailableError,
} from '../errors.js';
import type { TraceId } from '../insight/notes.js';
import { ClusterView } from '../membership/cluster-view.js';
import { Clock } from '../seams/clock.js';
import { Random } from '../seams/random.js';
import { Tracing } from '../seams/tracing.js';
import { Store } from '../store/store.js';
import {
  forwardOf,
  forwardRoomBytes,
  notOrderedBody,
  orderedBody,
} from '../wire/protocol/forward.js';
import type { WireValue } from '../wire/wire-value.js';
import { Forward, rowBytesOf, type ForwardOptions } from './forward.js';
import { FrameRows, type FrameOutcome, type PutSink } from './frame-rows.js';
import { Traffic } from './traffic.js';

@scoped(Lifecycle.ContainerScoped)
export class PutOrdering implements PutSink {
  /** By node, then by what the puts of one frame share; until the end of the turn. */
  private collecting = new Map<NodeId, Map<string, Forward>>();
  private readonly underway = new Underway<Forward>();
  private readonly operationPrefix: string;
  private operations = 0;
  private rowsOut = 0;
  private bytesOut = 0;
  private readonly passedOn: PutSink = {
    put: (request) => this.coordinator.put({ ...request, isPassedOn: true }),
  };
  private readonly late: PutSink = {
    put: (request) => this.putLate({ ...request, copy: 'later' }),
  };

  constructor(
    @inject(Coordinator) private readonly coordinator: Coordinator,
    @inject(FrameRows) private readonly rows: FrameRows,
    @inject(Peers) private readonly peers: Peers,
    @inject(Hearing) private readonly hearing: Hearing,
    @inject(ClusterView) private readonly view: ClusterView,
    @inject(Clock) private readonly clock: Clock,
    @inject(Random) random: Random,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(Traffic) private readonly traffic: Traffic,
    @inject(Store) private readonly store: Store,
    @inject(OwnTime) private readonly time: OwnTime,
    @inject(ToldClocks) private readonly clocks: ToldClocks,
    @inject(Tracing) private readonly tracing: Tracing,
  ) {
    this.operationPrefix = random.bytes(6).toString('latin1');
    peers.onContact((node, contact) => {
      if (contact === 'noResponders') this.takeBack(node);
    });
    view.onChange((change) => {
      // What was collected goes by the configuration it was collected by.
      if (change.kind === 'ring') this.sendAll();
      else if (change.now !== 'alive') this.takeBack(change.node);
    });
  }

  /** Takes what other nodes pass on. */
  open(): void {
    this.peers.handle('forward', (call) => this.receive(call));
  }

  /** Who takes the puts that were read at this moment. */
  readAt(nowMs: number): PutSink {
    return this.hearing.read(nowMs) ? this.late : this;
  }

  put(request: PutRequest): void {
    const node = this.coordinatorOf(request);
    if (node === this.peers.self) this.coordinator.put(request);
    else this.passOn(node, request, { late: false, configuration: this.view.configuration });
  }

  /** `behind`: who was asked before. */
  private putLate(request: PutRequest, behind?: NodeId): void {
    const { spread: n } = this.buckets.of(request.bucket);
    const { self } = this.peers;
    const placement = this.view.placement(request.partition, n);
    const node = nextCoordinator(placement, this.view, { self, behind });
    if (node === self) this.coordinator.put(request);
    else this.passOn(node, request, { late: true, configuration: this.view.configuration });
  }

  private coordinatorOf(request: PutRequest): NodeId {
    const { spread: n, conflict } = this.buckets.of(request.bucket);
    return coordinatorOf(this.view.placement(request.partition, n), this.view, {
      self: this.peers.self,
      // Where the last writer wins a context says nothing: one node tells which was the last.
      // What is on a condition meets others of its key there.
      isOrdered:
        request.context === undefined ||
        request.onlyIf !== undefined ||
        conflict === 'last-writer-wins',
      // It hands the put to others.
      isFull: this.store.refusal()?.reason === 'diskFull',
    });
  }

  private passOn(node: NodeId, request: PutRequest, options: ForwardOptions): void {
    const bytes = rowBytesOf(request);
    if (
      this.rowsOut >= limits.requestsInFlightMax ||
      this.bytesOut + bytes > limits.requestBytesInFlightMax
    ) {
      const error = new OverloadedError('too many puts wait for the node that orders them');
      request.onReply({ ok: false, error });
      return;
    }
    if (bytes > forwardRoomBytes) {
      // Larger than any value may be: the coordinator says so.
      this.coordinator.put(request);
      return;
    }
    this.rowsOut++;
    this.bytesOut += bytes;
    const nowMs = this.clock.monotonicMs();
    const remainingMs = request.deadlineMs - nowMs;
    let forwards = this.collecting.get(node);
    if (forwards === undefined) {
      forwards = new Map();
      if (this.collecting.size === 0) this.clock.endOfTurn(this.sendAll);
      this.collecting.set(node, forwards);
    }
    const name = Forward.nameOf(request, remainingMs, options);
    let forward = forwards.get(name);
    if (forward?.hasRoomFor(bytes) === false) {
      this.send(forward);
      forward = undefined;
    }
    if (forward === undefined) {
      forward = new Forward(node, remainingMs, nowMs, options);
      forwards.set(name, forward);
    }
    if (request.trace !== undefined) this.noteForward(request.trace.id, node);
    forward.add(request.operation === '' ? this.named(request) : request, bytes);
  }

  private noteForward(trace: TraceId, about: NodeId): void {
    this.tracing.note([trace], { kind: 'step', what: 'forwarded', about });
  }

  private named(request: PutRequest): PutRequest {
    return { ...request, operation: this.operationPrefix + (++this.operations).toString(36) };
  }

  private readonly sendAll = (): void => {
    for (const forwards of this.collecting.values())
      for (const forward of forwards.values()) this.send(forward);
    // Not cleared: see `underway.ts`.
    this.collecting = new Map();
  };

  private send(forward: Forward): void {
    this.underway.begin(forward);
    const nowMs = this.clock.monotonicMs();
    const until = this.clocks.momentAt(forward.to, forward.deadlineMs, nowMs);
    const call = this.peers.call(forward.to, 'forward', forward.body(until), (answer) => {
      if (answer.kind === 'ok') this.answered(forward, answer.body);
      else this.giveUp(forward);
    });
    const timer = this.clock.setTimeout(() => this.expired(forward), forward.waitMs);
    forward.stop = () => {
      this.peers.giveUp(call);
      this.clock.clearTimeout(timer);
    };
  }

  private answered(forward: Forward, body: readonly WireValue[]): void {
    if (!this.finish(forward)) return;
    const { to, late, again } = forward;
    const { clock, unread, differs, left } = forward.take(body);
    if (differs) this.view.reconcile(to);
    const nowMs = this.clock.monotonicMs();
    if (clock !== null) this.clocks.told(to, clock, nowMs);
    for (const request of left)
      if (unread && !again && request.deadlineMs > nowMs)
        this.passOn(to, request, {
          late,
          configuration: this.view.configuration,
          again: true,
        });
      else this.goOn(forward, request);
  }

  private expired(forward: Forward): void {
    if (this.finish(forward)) forward.expire();
  }

  private takeBack(node: NodeId): void {
    for (const forward of this.underway.all()) if (forward.to === node) this.giveUp(forward);
  }

  private giveUp(forward: Forward): void {
    if (!this.finish(forward)) return;
    for (const request of forward.requests) this.goOn(forward, mayBeStored(request));
  }

  private goOn({ to, late }: Forward, request: PutRequest): void {
    if (late) this.putLate(request, to);
    else this.coordinator.put(request);
  }

  /** False when it was over already. */
  private finish(forward: Forward): boolean {
    if (!this.underway.end(forward)) return false;
    this.rowsOut -= forward.requests.length;
    this.bytesOut -= forward.bytes;
    forward.stop();
    return true;
  }

  private receive(call: IncomingCall<'forward'>): void {
    const frame = forwardOf(call.body);
    // The message is gone when this turn ends; the coordinator keeps the values.
    const values = frame.values.map((value) => (value === null ? null : Buffer.from(value)));
    const taken = this.traffic.take('forward');
    try {
      if (this.hearing.read(taken.atMs))
        throw new UnavailableError('it was read late, and may be done elsewhere');
      const done = (outcome: FrameOutcome): void => {
        taken.answered(outcome.errors[0]);
        const clock = this.time.now();
        call.ok(orderedBody({ kind: 'put', ...outcome, clock }));
      };
      this.rows.run({ ...frame, values }, this.passedOn, done, call.from);
    } catch (error) {
      taken.answered();
      const isCertain = error instanceof DeadlineError || error instanceof OtherConfigurationError;
      if (!isCertain) throw error;
      const { code, outcome, message } = error;
      call.ok(notOrderedBody({ code, outcome, message, clock: this.time.now() }));
    }
  }
}

/**
 * The other node may have stored and sent it before it was gone: a refusal by this one does not
 * mean that it never shows.
 */
function mayBeStored(request: PutRequest): PutRequest {
  return {
    ...request,
    copy: 'later',
    onReply: (reply) => {
      if (reply.ok || reply.error.outcome === 'unknown') return request.onReply(reply);
      if (reply.error instanceof ConditionError) {
        const { message, found } = reply.error;
        return request.onReply({
          ok: false,
          error: new ConditionError(message, 'unknown', found),
        });
      }
      const message = `the node that orders this put is gone; here: ${reply.error.message}`;
      request.onReply({ ok: false, error: new UnavailableError(message, 'unknown') });
    },
  };
}

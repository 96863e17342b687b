/**
 * The queue group in which nodes share what clients send: another one while a node hangs, see
 * `actors/rules/listening.ts`.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import { limits } from '../../actors/rules/limits.js';
import {
  hangingAmong,
  hangingMsMin,
  hasMetAll,
  type ListeningMember,
  mayBeDoubled,
  queueGroup,
  refusesForAll,
} from '../../actors/rules/listening.js';
import { Hearing } from '../bus/hearing.js';
import { LateWords } from '../bus/late-words.js';
import { type ClusterChange, ClusterView } from '../membership/cluster-view.js';
import { Bus, type BusMessage, type BusSubscription } from '../seams/bus.js';
import { Clock, type TimerId } from '../seams/clock.js';
import { workQueue } from '../wire/subjects.js';

type Handler = (message: BusMessage) => void;

@scoped(Lifecycle.ContainerScoped)
export class WorkQueue {
  private group = workQueue;
  /** Where it goes next. */
  private wanted = workQueue;
  private timer: TimerId;
  private readonly shares = new Set<Share>();
  /** Until when others may be given what this node is given. */
  private doubledUntilMs = -Infinity;
  private hasMetAll = false;

  constructor(
    @inject(Bus) private readonly bus: Bus,
    @inject(ClusterView) private readonly view: ClusterView,
    @inject(Clock) private readonly clock: Clock,
    @inject(Hearing) private readonly hearing: Hearing,
    @inject(LateWords) private readonly lateWords: Pick<LateWords, 'areExpected'>,
  ) {
    view.onChange((change) => this.followView(change));
  }

  /** Each message comes to one of the nodes that do so and live. */
  subscribe(subject: string, handler: Handler): BusSubscription {
    const share = new Share(this.bus, subject, handler);
    share.join(this.group);
    this.shares.add(share);
    return {
      unsubscribe: () => {
        this.shares.delete(share);
        share.leave();
      },
    };
  }

  /** A put that this node refuses may be done by another. */
  get refusesForItselfAlone(): boolean {
    return this.isDoubled || !refusesForAll(this.others());
  }

  /** A put that this node does may be done by another as well. */
  get isDoubled(): boolean {
    this.hasMetAll ||= hasMetAll(this.others());
    // Who is not heard itself lives by hearsay, and may take all that it does not hear for hung.
    if (!this.hasMetAll || this.lateWords.areExpected) return true;
    // Others that take this node, or another, for hung meet without it.
    const { doubtedAtMs, hangingToldAtMs } = this.view;
    const doubtedMs = Math.max(doubtedAtMs, hangingToldAtMs, this.hearing.stoodLongMs);
    const untilMs = Math.max(this.doubledUntilMs, doubtedMs + limits.doubledMsMax);
    return this.clock.monotonicMs() < untilMs;
  }

  private others(): ListeningMember[] {
    const { view } = this;
    return view
      .members()
      .filter(({ id, status }) => id !== view.self.id && status !== 'left')
      .map(({ id }) => {
        return {
          id,
          reachability: view.reachability(id),
          isAbsent: view.isAbsent(id),
          isMet: view.isMet(id),
          isRemoved: view.removed.has(id),
        };
      });
  }

  private followView(change: ClusterChange): void {
    const others = this.others();
    // Gone for this node, it may have lived, and may meet without it for a moment still.
    const isBack = change.kind === 'reachability' && change.now === 'alive';
    if (mayBeDoubled(others)) this.doubledUntilMs = Infinity;
    else if (isBack || this.doubledUntilMs === Infinity)
      this.doubledUntilMs = this.clock.monotonicMs() + limits.doubledMsMax;
    const group = queueGroup(workQueue, hangingAmong(others));
    if (group === this.wanted) return;
    this.wanted = group;
    this.clock.clearTimeout(this.timer);
    // Whoever is taken for hung may live, on the other side of a cut, and has to know by then that
    // it is not alone with what it does.
    if (group === workQueue) this.meet();
    else this.timer = this.clock.setTimeout(() => this.meet(), hangingMsMin(others.length + 1));
  }

  private meet(): void {
    if (this.group === this.wanted) return;
    this.group = this.wanted;
    for (const share of this.shares) share.join(this.group);
  }
}

/** One subject, in one group at a time. */
class Share {
  private subscription: BusSubscription | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly subject: string,
    private readonly handler: Handler,
  ) {}

  /** First out, then in: in both at once this node would be given a message twice. */
  join(queue: string): void {
    this.leave();
    this.subscription = this.bus.subscribe(this.subject, this.handler, { queue });
  }

  leave(): void {
    this.subscription?.unsubscribe();
    this.subscription = undefined;
  }
}

/**
 * The queue group in which nodes share what clients send: another one while a node hangs. Runs the
 * `listening` chart, which decides that, and tells it of the other members.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import { createActor, type ActorRefFrom } from 'xstate';
import {
  listeningChart,
  type ListeningEvent,
  type listeningMachine,
} from '../../actors/membership/listening.machine.js';
import type { NodeId } from '../../actors/rules/actor.js';
import { type ListeningMember, queueGroup, refusesForAll } from '../../actors/rules/listening.js';
import { Hearing } from '../bus/hearing.js';
import { LateWords } from '../bus/late-words.js';
import { type ClusterChange, ClusterView } from '../membership/cluster-view.js';
import { Bus, type BusMessage, type BusSubscription } from '../seams/bus.js';
import { Clock } from '../seams/clock.js';
import { Inspection } from '../seams/inspection.js';
import { workQueue } from '../wire/subjects.js';

type Handler = (message: BusMessage) => void;

@scoped(Lifecycle.ContainerScoped)
export class WorkQueue {
  private readonly actor: ActorRefFrom<typeof listeningMachine>;
  private readonly shares = new Set<Share>();
  // As the chart says.
  private group = workQueue;
  private mayBeGivenTwice = false;
  private knowsAll = false;

  constructor(
    @inject(Bus) private readonly bus: Bus,
    @inject(ClusterView) private readonly view: ClusterView,
    @inject(Clock) clock: Clock,
    @inject(Hearing) hearing: Hearing,
    @inject(LateWords) private readonly lateWords: Pick<LateWords, 'areExpected'>,
    @inject(Inspection) private readonly inspection: Inspection,
  ) {
    const chart = listeningChart({
      meetWithout: (hanging) => this.meetWithout(hanging),
      doDoubly: (may) => (this.mayBeGivenTwice = may),
      knowAll: () => (this.knowsAll = true),
    });
    this.actor = createActor(chart, { clock });
    inspection.attach(this.actor);
    this.actor.start();
    view.onChange((change) => this.followView(change));
    view.onTold((type) => this.send({ type }));
    hearing.onStoodLong(() => this.send({ type: 'self.stoodLong' }));
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

  /** Stays where it is. */
  stop(): void {
    this.inspection.detach(this.actor);
    this.actor.stop();
  }

  /** A put that this node refuses may be done by another. */
  get refusesForItselfAlone(): boolean {
    return this.isDoubled || !refusesForAll(this.others());
  }

  /** A put that this node does may be done by another as well. */
  get isDoubled(): boolean {
    if (!this.knowsAll) this.send({ type: 'request.came', others: this.others() });
    // Who is not heard itself lives by hearsay, and may take all that it does not hear for hung.
    return !this.knowsAll || this.mayBeGivenTwice || this.lateWords.areExpected;
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
    const isBack = change.kind === 'reachability' && change.now === 'alive';
    this.send({ type: 'others.changed', others: this.others(), isBack });
  }

  private meetWithout(hanging: readonly NodeId[]): void {
    this.group = queueGroup(workQueue, hanging);
    for (const share of this.shares) share.join(this.group);
  }

  private send(event: ListeningEvent): void {
    this.actor.send(event);
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

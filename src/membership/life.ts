/** Runs the chart of this node's membership; whoever wants to know where it stands asks here. */
import { type ActorRefFrom, createActor } from 'xstate';
import type { NodeId } from '../../actors/rules/actor.js';
import { arrivalObjection } from '../../actors/rules/arrival.js';
import type { Configuration, RingVersion } from '../../actors/rules/configuration.js';
import type { FoundingVote } from '../../actors/rules/founding.js';
import { limits } from '../../actors/rules/limits.js';
import { type JoinWish, mayFound } from '../../actors/rules/membership.js';
import { listOf, unconfirmedOf } from '../../actors/membership/founding-book.js';
import type { MembershipEvent } from '../../actors/membership/membership-events.js';
import { membershipMachine } from '../../actors/membership/membership.machine.js';
import type { Clock } from '../seams/clock.js';
import type { Inspection } from '../seams/inspection.js';
import { Orders } from './orders.js';
import type { Roster } from './roster.js';

/** What the actions of the chart come to; they are described there. */
export interface LifeEffects {
  listen(): void;
  /** Makes `next` durable, then calls back. */
  store(done: () => void): void;
  greet(): void;
  /** Resolves when the time was told, or nobody is there to tell it. */
  awaitTime(): Promise<void>;
  tellAll(): void;
  tellSome(): void;
  /** Makes the configuration of the founders durable. */
  configure(): void;
  join(): void;
  endAsDeparted(): void;
  fallSilent(): void;
}

export interface LifeOptions {
  readonly clock: Clock;
  readonly inspection: Inspection;
  readonly roster: Roster;
  /** As many must have met. */
  readonly founders: number;
  /** Of a cluster that it founds with them. */
  readonly foundingRing: RingVersion;
  readonly wish: JoinWish;
  readonly isReachable: (node: NodeId) => boolean;
  /** Of a cluster that was founded. */
  readonly known: () => Configuration | undefined;
}

export class Life {
  private readonly actor: ActorRefFrom<typeof membershipMachine>;

  constructor(
    private readonly options: LifeOptions,
    effects: LifeEffects,
  ) {
    const { clock, inspection, roster } = options;
    const { foundersMin } = this;
    const orders = new Orders();
    const actions = {
      listen: orders.of(() => effects.listen()),
      store: orders.of(() => {
        const vote = this.next;
        effects.store(() => this.send({ type: 'vote.stored', vote }));
      }),
      greet: orders.of(() => effects.greet()),
      awaitTime: orders.of(() => {
        void effects.awaitTime().then(() => this.send({ type: 'time.told' }));
      }),
      tellAll: orders.ofTelling(() => effects.tellAll()),
      tellSome: orders.ofTelling(() => effects.tellSome()),
      configure: orders.of(() => effects.configure()),
      join: orders.of(() => effects.join()),
      endAsDeparted: orders.of(() => effects.endAsDeparted()),
      fallSilent: orders.of(() => effects.fallSilent()),
    };
    const { foundingRing: ring } = options;
    const input = { self: roster.self.id, foundersMin, ...(ring !== 1 && { ring }) };
    this.actor = createActor(membershipMachine.provide({ actions }), { clock, input });
    inspection.attach(this.actor);
    orders.follow(this.actor);
    this.actor.start();
  }

  send(event: MembershipEvent): void {
    this.actor.send(event);
  }

  /** Who can be reached is looked at anew: of those a cluster is founded. */
  countMet(): void {
    const isFounded = this.options.known() !== undefined;
    this.send({ type: 'met.counted', met: this.reached(), isFounded });
  }

  /** On disk: others are told nothing else. */
  get vote(): FoundingVote {
    return this.book.vote;
  }

  /** To be on disk. */
  get next(): FoundingVote {
    return this.book.next;
  }

  /** The founders of this node's cluster, or those it has agreed to found one with; ascending. */
  get list(): readonly NodeId[] {
    return listOf(this.book);
  }

  /** Of the first configuration of its cluster. */
  get ring(): RingVersion {
    return this.book.next.ring ?? 1;
  }

  /** It is of a cluster. */
  get isFounded(): boolean {
    return this.actor.getSnapshot().hasTag('founded');
  }

  /** It may serve. */
  get isJoined(): boolean {
    return this.actor.getSnapshot().matches('joined');
  }

  /** It takes no part any more in what members tell each other. */
  get isOver(): boolean {
    return this.actor.getSnapshot().status !== 'active';
  }

  /** Whom this node would found a cluster with. Once it agreed it says nothing else. */
  met(): readonly NodeId[] {
    return this.list.length > 0 ? this.list : this.reached();
  }

  /** Why this node holds no partitions; undefined when it does. */
  waitingFor(): string | undefined {
    const { roster, wish } = this.options;
    const { foundersMin } = this;
    if (this.isFounded) return undefined;
    if (this.actor.getSnapshot().matches({ arriving: { place: { open: 'outside' } } }))
      return `the cluster was founded without this node: it waits to be taken in${this.outside()}`;
    if (wish.replaces !== '')
      return `waiting for the cluster in which it replaces ${wish.replaces}: nobody of it is heard`;
    if (wish.founds === false)
      return 'waiting for the cluster it comes to (it founds none): nobody of it is heard';
    const missing = unconfirmedOf(this.book).map((id) => roster.get(id)?.name ?? id);
    if (missing.length > 0)
      return `waiting for ${missing.join(', ')} to confirm that the nodes that met here found one cluster; if it is gone for good and no node serves, start all others with empty data directories`;
    return `waiting for nodes to found a cluster with: ${this.met().length} of ${foundersMin} are here`;
  }

  /** What it waits for, beside a moment's time. */
  private outside(): string {
    const { roster, wish, known } = this.options;
    const from = known();
    if (from === undefined) return '';
    const { id, name, host, zone, weight } = roster.self;
    const objection = arrivalObjection(from, { place: { id, name, host, zone, weight }, wish });
    if (objection !== undefined) return `; ${objection}`;
    if (wish.replaces === '') return '';
    return `; it replaces ${wish.replaces} as soon as that one is down and nobody hears it`;
  }

  /** Who comes to a cluster that is there founds none, however many it meets. */
  private get foundersMin(): number {
    const { founders, wish } = this.options;
    return mayFound(wish) ? founders : limits.membersMax + 1;
  }

  /** Itself, and all others who can be reached and a cluster may be founded with. */
  private reached(): readonly NodeId[] {
    const { roster, isReachable } = this.options;
    const { self } = roster;
    return roster
      .all()
      .filter(({ id, status }) => status !== 'left' && isReachable(id))
      .filter(({ id, wish }) => id === self.id || mayFound(wish))
      .map(({ id }) => id);
  }

  private get book() {
    return this.actor.getSnapshot().context.book;
  }
}

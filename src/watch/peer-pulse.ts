/**
 * How far one node is: which life it is in, the number of its last change, and the roots of its
 * hash trees. It is asked for news all the time while this node serves watches, whatever their
 * number.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { watchLimits } from '../../actors/rules/limits/watch.js';
import type { Digest } from '../../actors/rules/versions.js';
import type { Clock, TimerId } from '../seams/clock.js';
import type { FeedLife, RootsAnswer } from '../wire/protocol/feed.js';
import type { Asked, FeedPeers } from './feed-peers.js';

export interface PulseEffects {
  /** It has another number than before; `isOther`: another life, or is heard no more, or again. */
  changed(isOther: boolean): void;
}

export class PeerPulse {
  /** Of the last answer; '' before the first one. */
  life: FeedLife = '';
  last = 0;
  /** It answered the last question. */
  isHeard = false;
  /** It was asked, and did or did not answer. */
  isKnown = false;
  /** Its last change when its roots were told last. */
  sampledAt = 0;
  private sampledLife: FeedLife = '';
  /** Which life the roots are of, as far as they were told. */
  private rootsLife: FeedLife = '';
  private readonly hi: Uint32Array;
  private readonly lo: Uint32Array;
  /** By partition, the first number at which it is known to have had its root. */
  private readonly rootAt: Float64Array;
  private asked: Asked | undefined;
  private sampling: Asked | undefined;
  private timer: TimerId;
  private isStopped = false;

  constructor(
    readonly node: NodeId,
    private readonly parts: {
      readonly peers: FeedPeers;
      readonly clock: Clock;
      readonly partitions: number;
      readonly effects: PulseEffects;
    },
  ) {
    const { partitions } = parts;
    this.hi = new Uint32Array(partitions);
    this.lo = new Uint32Array(partitions);
    this.rootAt = new Float64Array(partitions);
    this.ask();
  }

  stop(): void {
    this.isStopped = true;
    this.asked?.drop();
    this.sampling?.drop();
    this.parts.clock.clearTimeout(this.timer);
  }

  private ask(): void {
    const { peers } = this.parts;
    const waitMs = this.isHeard ? watchLimits.pulseWaitMs : 0;
    const question = { kind: 'last', life: this.life, after: this.last, waitMs } as const;
    this.asked = peers.ask<'last'>(this.node, question, watchLimits.pulseAnswerMsMax, (answer) => {
      this.asked = undefined;
      const before = { life: this.life, last: this.last, isHeard: this.isHeard };
      this.isHeard = answer !== undefined;
      if (answer !== undefined) this.seen(answer);
      const isFirst = !this.isKnown;
      this.isKnown = true;
      const { pulseRestMs, pulseRetryMs } = watchLimits;
      this.rest(answer === undefined ? pulseRetryMs : pulseRestMs);
      const isOther = isFirst || before.life !== this.life || before.isHeard !== this.isHeard;
      if (isOther || before.last !== this.last) this.parts.effects.changed(isOther);
    });
  }

  private seen({ life, last }: { readonly life: FeedLife; readonly last: number }): void {
    this.life = life;
    this.last = last;
  }

  private rest(ms: number): void {
    if (this.isStopped) return;
    this.timer = this.parts.clock.setTimeout(() => this.ask(), ms);
  }

  /** Asks for the roots; a question that is under way still is dropped. */
  sample(): void {
    this.sampling?.drop();
    this.sampling = undefined;
    if (this.isHeard) this.askRoots(0, undefined);
  }

  private askRoots(from: number, first: RootsAnswer | undefined): void {
    const { peers } = this.parts;
    const { questionMsMax } = watchLimits;
    const after = this.sampledAt;
    const question = { kind: 'roots', life: this.sampledLife, after, from } as const;
    this.sampling = peers.ask<'roots'>(this.node, question, questionMsMax, (answer) => {
      this.sampling = undefined;
      if (answer === undefined) return;
      // A node that started anew between two parts of an answer is asked anew.
      if (first !== undefined && first.life !== answer.life) return;
      this.take(answer);
      if (answer.next > from) return this.askRoots(answer.next, first ?? answer);
      this.sampledLife = answer.life;
      this.sampledAt = (first ?? answer).last;
    });
  }

  private take({ life, last, partitions, roots }: RootsAnswer): void {
    if (life !== this.sampledLife && this.rootsLife !== life) {
      this.hi.fill(0);
      this.lo.fill(0);
      this.rootAt.fill(last);
      this.rootsLife = life;
    }
    for (const [i, partition] of partitions.entries()) this.note(partition, roots[i]!, last);
  }

  private note(partition: number, { hi, lo }: Digest, at: number): void {
    this.hi[partition] = hi;
    this.lo[partition] = lo;
    this.rootAt[partition] = at;
  }

  /** Its roots are those of this life of it. */
  isSampled(life: FeedLife): boolean {
    return this.sampledLife === life && this.rootsLife === life && life !== '';
  }

  /**
   * Both held the same of a partition: this one at `rootAt`, and until `sampledAt`. Only of nodes
   * that are sampled.
   */
  hasRootOf(other: PeerPulse, partition: number): boolean {
    return this.hi[partition] === other.hi[partition] && this.lo[partition] === other.lo[partition];
  }

  rootSince(partition: number): number {
    return this.rootAt[partition]!;
  }
}

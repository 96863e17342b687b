/**
 * Follows one reader of each partition for one watch, by the rules of `actors/rules/leads.ts`:
 * where a node is lost, another one from a place at which both held the same; where there is none,
 * by all keys of the partition. It asks only while there is room for what comes.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import {
  leadOf,
  seesEnough,
  withoutPlace,
  withPlace,
  type Lead,
  type Place,
} from '../../actors/rules/leads.js';
import { watchLimits } from '../../actors/rules/limits/watch.js';
import type { Buckets } from '../buckets/buckets.js';
import type { ClusterView } from '../membership/cluster-view.js';
import type { Clock, TimerId } from '../seams/clock.js';
import type { FeedFilter, FeedRow } from '../wire/protocol/feed.js';
import type { FeedPeers } from './feed-peers.js';
import type { PulseListener, Pulses } from './pulses.js';
import { Strand } from './strand.js';

export interface FollowerParts {
  readonly peers: FeedPeers;
  readonly pulses: Pulses;
  readonly view: ClusterView;
  readonly buckets: Buckets;
  readonly clock: Clock;
  readonly partitions: number;
}

export interface FollowerEffects {
  /** It is known where to begin. */
  followed(): void;
  /** Rows are lent for the turn. `isFirst`: what the partitions held when the watch began. */
  tell(rows: readonly FeedRow[], isFirst: boolean): void;
  /** All keys of so many partitions come now, since it can't be told what changed there. */
  lostPlace(partitions: number): void;
  /** All that is followed was told up to its end. */
  caughtUp(): void;
  /** Too few readers of some partitions are heard, or enough of all again. */
  seesEnough(does: boolean): void;
  /** There is room for more. */
  hasRoom(): boolean;
}

export interface FollowedFrom {
  /** What it is to go on from; undefined: it begins. */
  readonly places: readonly Place[] | undefined;
  /** It begins with all keys. */
  readonly keys: boolean;
}

export class Follower implements PulseListener {
  private strands: Strand[] = [];
  private places: readonly Place[] = [];
  private readonly orphans: Set<number>;
  private hasBegun = false;
  private wasCaughtUp = false;
  private sawEnough = true;
  private timer: TimerId;
  private isStopped = false;

  constructor(
    private readonly parts: FollowerParts,
    private readonly filter: FeedFilter,
    private readonly from: FollowedFrom,
    private readonly effects: FollowerEffects,
  ) {
    this.orphans = new Set(Array.from({ length: parts.partitions }, (_, partition) => partition));
    this.places = from.places ?? [];
  }

  start(): void {
    this.parts.pulses.hear(this);
    this.timer = this.parts.clock.setTimeout(() => this.begin(), watchLimits.startMsMax);
    this.pulsed(true);
  }

  stop(): void {
    this.isStopped = true;
    this.parts.clock.clearTimeout(this.timer);
    this.parts.pulses.leave(this);
    for (const strand of this.strands) strand.drop();
  }

  /** Where a watch can go on that was told all that this one told; whoever serves it. */
  cursor(): Place[] {
    const own = this.strands.flatMap(({ place }) => place ?? []);
    return [...own, ...this.places];
  }

  /** Says so once all was told that there is now, maybe at once. */
  lookAgain(): void {
    const { pulses } = this.parts;
    for (const strand of this.strands) {
      const pulse = pulses.of(strand.node);
      if (strand.target !== undefined && pulse?.life === strand.life) strand.target = pulse.last;
    }
    this.wasCaughtUp = false;
    this.look();
  }

  private get isCaughtUp(): boolean {
    const { hasBegun, strands } = this;
    return hasBegun && strands.length > 0 && strands.every((strand) => strand.isCaughtUp);
  }

  pulsed(nodesChanged: boolean): void {
    if (this.isStopped) return;
    if (!this.hasBegun) {
      if (this.parts.pulses.areKnown) this.begin();
      return;
    }
    if (nodesChanged) this.review();
    this.pump();
    this.look();
  }

  private begin(): void {
    if (this.hasBegun || this.isStopped) return;
    this.parts.clock.clearTimeout(this.timer);
    this.hasBegun = true;
    const lost = this.adoptOrphans(true);
    this.effects.followed();
    if (lost > 0) this.effects.lostPlace(lost);
    this.review();
    this.pump();
    this.look();
  }

  /** Partitions whose node is lost, or no reader any more, are followed elsewhere. */
  private review(): void {
    const { pulses } = this.parts;
    for (const strand of this.strands) {
      const lost = [...strand.partitions].filter(
        (partition) =>
          !pulses.isHeard(strand.node) || !this.readers(partition).includes(strand.node),
      );
      if (lost.length > 0) this.loosen(strand, lost);
    }
    this.strands = this.strands.filter(({ partitions }) => partitions.size > 0);
    this.goOnElsewhere();
    this.look();
    const sees = this.sees();
    if (sees !== this.sawEnough) this.effects.seesEnough(sees);
    this.sawEnough = sees;
  }

  private loosen(strand: Strand, lost: readonly number[]): void {
    const { place } = strand;
    // It may come back as it was.
    if (place !== undefined) this.keepPlace({ ...place, partitions: new Set(lost) });
    for (const partition of lost) {
      strand.partitions.delete(partition);
      this.orphans.add(partition);
    }
    if (strand.partitions.size === 0) strand.drop();
  }

  private keepPlace(place: Place): void {
    this.places = withPlace(this.places, place, watchLimits.placesOfNodeMax);
  }

  private goOnElsewhere(): void {
    const lost = this.adoptOrphans(false);
    if (lost > 0) this.effects.lostPlace(lost);
  }

  /** Returns of how many partitions all keys come anew. */
  private adoptOrphans(isFirst: boolean): number {
    const { pulses } = this.parts;
    // Of those that are heard it is known which life they are in.
    this.places = this.places.filter(
      ({ node, life }) => !pulses.isHeard(node) || pulses.of(node)?.life === life,
    );
    const found = new Map<string, { lead: Lead; partitions: Set<number> }>();
    for (const partition of this.orphans) {
      const lead = this.leadOf(partition, isFirst);
      if (lead === undefined) continue;
      const { node, from } = lead;
      const name = from === undefined ? node : `${node} ${from.life} ${from.position}`;
      const group = found.get(name) ?? { lead, partitions: new Set() };
      group.partitions.add(partition);
      found.set(name, group);
    }
    const begins = isFirst && this.from.places === undefined;
    let lost = 0;
    for (const { lead, partitions } of found.values()) {
      const { node, from } = lead;
      for (const partition of partitions) this.orphans.delete(partition);
      if (from === undefined && !begins) lost += partitions.size;
      this.strands.push(new Strand(node, partitions, from, begins));
    }
    return lost;
  }

  private leadOf(partition: number, isFirst: boolean): Lead | undefined {
    const { peers, pulses } = this.parts;
    const readers = this.readers(partition);
    const { isHeard } = pulses;
    const lead = leadOf(partition, { self: peers.self, readers, isHeard, places: this.places });
    const begins = isFirst && this.from.places === undefined && !this.from.keys;
    if (lead === undefined || !begins) return lead;
    const { life, last } = pulses.of(lead.node)!;
    const from = { node: lead.node, life, position: last, partitions: new Set([partition]) };
    return { node: lead.node, from };
  }

  private readers(partition: number): readonly NodeId[] {
    const { spread: n } = this.parts.buckets.of(this.filter.bucket);
    return this.parts.view.placement(partition, n).readers;
  }

  private look(): void {
    const { isCaughtUp } = this;
    if (isCaughtUp && !this.wasCaughtUp) this.effects.caughtUp();
    this.wasCaughtUp = isCaughtUp;
  }

  private sees(): boolean {
    const { pulses, buckets, partitions } = this.parts;
    if (this.orphans.size > 0) return false;
    const bucket = buckets.of(this.filter.bucket);
    for (let partition = 0; partition < partitions; partition++)
      if (!seesEnough(bucket, this.readers(partition), pulses.isHeard)) return false;
    return true;
  }

  /** Asks wherever something may be new. */
  pump(): void {
    const { clock } = this.parts;
    const nowMs = clock.monotonicMs();
    for (const strand of this.strands) {
      if (this.isStopped || !this.effects.hasRoom()) return;
      if (strand.asked !== undefined || strand.restsUntilMs > nowMs) continue;
      if (strand.keysAfter !== undefined) this.askForKeys(strand, strand.keysAfter);
      else if (this.isBehind(strand)) this.askForChanges(strand);
    }
  }

  private isBehind(strand: Strand): boolean {
    const pulse = this.parts.pulses.of(strand.node);
    if (pulse === undefined || !pulse.isHeard) return false;
    strand.target ??= pulse.life === strand.life ? pulse.last : Infinity;
    return strand.life !== pulse.life || strand.position < pulse.last;
  }

  private askForChanges(strand: Strand): void {
    const { node, life, position: after, partitions } = strand;
    const question = { kind: 'changes', life, after, partitions, filter: this.filter } as const;
    const { questionMsMax } = watchLimits;
    strand.asked = this.parts.peers.ask<'changes'>(node, question, questionMsMax, (answer) => {
      strand.asked = undefined;
      if (answer === undefined) return this.rest(strand);
      if (answer.upTo === undefined || answer.life !== life) return this.tooOld(strand);
      strand.position = answer.upTo;
      this.tell(answer.rows, false);
    });
  }

  private askForKeys(strand: Strand, after: string): void {
    const { node, partitions } = strand;
    const filter = strand.isFirst ? this.filter : { ...this.filter, deleted: true };
    const question = { kind: 'keys', partitions, after, filter } as const;
    const { questionMsMax } = watchLimits;
    strand.asked = this.parts.peers.ask<'keys'>(node, question, questionMsMax, (answer) => {
      strand.asked = undefined;
      if (answer === undefined) return this.rest(strand);
      if (after === '') {
        strand.life = answer.life;
        strand.position = answer.last;
      }
      // What it held in its former life it may hold no more.
      strand.keysAfter = answer.life === strand.life ? answer.upTo : '';
      if (strand.keysAfter === '' && answer.life === strand.life) strand.keysAfter = undefined;
      if (strand.keysAfter === undefined) strand.target = answer.last;
      this.tell(answer.rows, strand.isFirst);
    });
  }

  private tell(rows: readonly FeedRow[], isFirst: boolean): void {
    if (rows.length > 0) this.effects.tell(rows, isFirst);
    if (this.isStopped) return;
    this.pump();
    this.look();
  }

  /** Nothing came of a question: the same again, unless the node turns out to be lost. */
  private rest(strand: Strand): void {
    const { clock } = this.parts;
    const { questionRetryMs } = watchLimits;
    strand.restsUntilMs = clock.monotonicMs() + questionRetryMs;
    clock.clearTimeout(this.timer);
    this.timer = clock.setTimeout(() => this.pulsed(true), questionRetryMs + 1);
  }

  /** The node can't tell any more what changed since. */
  private tooOld(strand: Strand): void {
    const { place } = strand;
    if (place !== undefined) this.places = withoutPlace(this.places, place);
    for (const partition of strand.partitions) this.orphans.add(partition);
    this.strands = this.strands.filter((other) => other !== strand);
    this.goOnElsewhere();
    this.look();
    this.pump();
  }

  /** Where else a watch could go on: at nodes that held what was told of the one it follows. */
  sampled(): void {
    const { pulses } = this.parts;
    const found = new Map<NodeId, Set<number>>();
    for (const strand of this.strands) {
      const own = pulses.of(strand.node);
      if (strand.keysAfter !== undefined || own?.isSampled(strand.life) !== true) continue;
      for (const partition of strand.partitions) {
        if (strand.position < own.rootSince(partition)) continue;
        for (const node of this.readers(partition)) {
          const other = pulses.of(node);
          if (node === strand.node || other?.isSampled(other.life) !== true) continue;
          if (!other.hasRootOf(own, partition)) continue;
          found.set(node, (found.get(node) ?? new Set()).add(partition));
        }
      }
    }
    for (const [node, partitions] of found) {
      const { life, sampledAt: position } = pulses.of(node)!;
      this.keepPlace({ node, life, position, partitions });
    }
    this.joinStrands();
  }

  /** Those of one node that are up to date become one, with the least of their positions. */
  private joinStrands(): void {
    const byNode = new Map<string, Strand>();
    this.strands = this.strands.filter((strand) => {
      if (!strand.isCaughtUp || strand.asked !== undefined) return true;
      const name = `${strand.node} ${strand.life}`;
      const other = byNode.get(name);
      if (other === undefined) {
        byNode.set(name, strand);
        return true;
      }
      other.take(strand);
      return false;
    });
  }
}

/**
 * One `peer` machine for every other member, fed from what arrives. Signs of life come with every
 * message between nodes, so a living peer costs one assignment per message and its machine sleeps.
 *
 * Where not all members are told of with each beat (`tellsOfAll`), nobody is expected to be heard
 * all the time: a peer is asked when it is its turn to be told something, and when another doubts
 * it, and from then on a sign of life of its own is due.
 */
import { type ActorRefFrom, createActor } from 'xstate';
import {
  peerChart,
  type PeerEvent,
  type peerMachine,
} from '../../actors/failure-detector/peer.machine.js';
import type { NodeId } from '../../actors/rules/actor.js';
import type { Reachability } from '../../actors/rules/membership.js';
import { limits } from '../../actors/rules/limits.js';
import { gossipLimits } from '../../actors/rules/limits/gossip.js';
import {
  directSilenceMsMax,
  patienceMs,
  silenceMsMax,
  tellsOfAll,
} from '../../actors/rules/suspicion.js';
import type { Hearing } from '../bus/hearing.js';
import type { LateWords } from '../bus/late-words.js';
import type { Clock } from '../seams/clock.js';
import type { Inspection } from '../seams/inspection.js';
import { isUnheard, type Opinion } from '../wire/protocol/news.js';
import { OwnHealth } from './own-health.js';
import { Turns } from './turns.js';

interface Watched {
  readonly actor: ActorRefFrom<typeof peerMachine>;
  // As the chart says.
  reachability: Reachability;
  isAbsent: boolean;
  /** It is silent towards this node itself. */
  isSilent: boolean;
  isRemoved: boolean;
  /** A sign of life changes nothing. */
  isCalm: boolean;
  /** Since then nothing was heard of it that is due. */
  silentSinceMs: number;
  /** It said something itself. */
  isMet: boolean;
  /** When it did last. */
  spokeAtMs: number;
  /** Who does not hear it either, and when they said so last. */
  readonly testimonies: Map<NodeId, number>;
}

export interface PeerWatchOptions {
  readonly clock: Clock;
  readonly hearing: Pick<Hearing, 'ask' | 'isDeaf' | 'lagMs' | 'read' | 'timerRang'>;
  readonly lateWords: Pick<LateWords, 'areExpected'>;
  readonly inspection: Pick<Inspection, 'attach' | 'detach'>;
  /** From NATS: silence says nothing about others. */
  readonly isCutOff: () => boolean;
  readonly probe: (peer: NodeId) => void;
  readonly onChange: (peer: NodeId, now: Reachability) => void;
}

export class PeerWatch {
  private readonly watched = new Map<NodeId, Watched>();
  private readonly absenceTurns = new Turns();
  readonly health: OwnHealth;

  constructor(private readonly options: PeerWatchOptions) {
    this.health = new OwnHealth(options.hearing);
  }

  /** Begins as alive, silent since now. */
  watch(peer: NodeId): void {
    if (this.watched.has(peer)) return;
    const { clock, inspection, isCutOff } = this.options;
    const actor = createActor(this.chartOf(peer), { clock, id: `peer-${peer}` });
    inspection.attach(actor);
    const entry: Watched = {
      actor,
      reachability: 'alive',
      isAbsent: false,
      isSilent: false,
      isRemoved: false,
      isCalm: true,
      silentSinceMs: clock.monotonicMs(),
      isMet: false,
      spokeAtMs: clock.monotonicMs(),
      testimonies: new Map(),
    };
    this.watched.set(peer, entry);
    actor.subscribe((snapshot) => {
      entry.isCalm = snapshot.hasTag('calm');
      entry.isSilent = snapshot.context.suspicion.silent;
      entry.isRemoved = snapshot.matches('removed');
    });
    actor.start();
    if (isCutOff()) actor.send({ type: 'self.ill' });
  }

  unwatch(peer: NodeId): void {
    const entry = this.watched.get(peer);
    if (entry === undefined) return;
    this.watched.delete(peer);
    this.options.inspection.detach(entry.actor);
    entry.actor.stop();
    this.dismissWitness(peer);
  }

  remove(peer: NodeId): void {
    this.watched.get(peer)?.actor.send({ type: 'peer.removed' });
  }

  stop(): void {
    for (const peer of this.watched.keys()) this.unwatch(peer);
  }

  reachability(peer: NodeId): Reachability {
    return this.watched.get(peer)?.reachability ?? 'down';
  }

  isAbsent(peer: NodeId): boolean {
    return this.watched.get(peer)?.isAbsent ?? true;
  }

  isMet(peer: NodeId): boolean {
    return this.watched.get(peer)?.isMet ?? false;
  }

  /** What this node has seen of the peer itself; never hearsay. */
  opinion(peer: NodeId): Opinion {
    const entry = this.watched.get(peer);
    if (entry === undefined) return 'heard';
    if (entry.reachability === 'down') return entry.isAbsent ? 'gone' : 'down';
    if (entry.isSilent) return 'silent';
    return entry.isAbsent ? 'absent' : 'heard';
  }

  /** With the peer itself, not with others that tell of it. */
  contact(peer: NodeId, contact: 'heard' | 'noResponders'): void {
    const entry = this.watched.get(peer);
    const nowMs = this.options.clock.monotonicMs();
    if (contact === 'noResponders') {
      if (entry === undefined) return;
      if (entry.isCalm && !this.tellsOfAll) entry.silentSinceMs = nowMs;
      entry.actor.send({ type: 'peer.absent', atMs: nowMs });
      return;
    }
    this.heard(peer);
    if (entry === undefined) return;
    entry.isMet = true;
    entry.spokeAtMs = nowMs;
  }

  /** Somebody tells that it has lived on. In a large cluster that may be old news. */
  told(peer: NodeId): void {
    if (this.tellsOfAll) this.heard(peer);
  }

  private heard(peer: NodeId): void {
    const { clock, hearing } = this.options;
    const nowMs = clock.monotonicMs();
    hearing.read(nowMs);
    const entry = this.watched.get(peer);
    if (entry === undefined) return;
    entry.silentSinceMs = nowMs;
    if (!entry.isCalm) entry.actor.send({ type: 'peer.heard' });
  }

  testify(witness: NodeId, about: { readonly peer: NodeId; readonly opinion: Opinion }): void {
    const { peer, opinion } = about;
    const entry = this.watched.get(peer);
    if (entry === undefined || peer === witness || !this.watched.has(witness)) return;
    if (isUnheard(opinion)) this.addTestimony(entry, witness);
    else dropTestimony(entry, witness);
    if (opinion !== 'heard' && !this.tellsOfAll) this.doubt(entry);
  }

  private addTestimony({ actor, testimonies }: Watched, witness: NodeId): void {
    const isNew = !testimonies.has(witness);
    testimonies.set(witness, this.options.clock.monotonicMs());
    if (isNew) actor.send({ type: 'witness.suspects', witness });
  }

  /**
   * It is its turn to be told something by this node. True: it is told, and asked for a sign of
   * life, by the chart.
   */
  isAsked(peer: NodeId): boolean {
    const entry = this.watched.get(peer);
    return entry !== undefined && !this.tellsOfAll && this.doubt(entry);
  }

  /** Unless it was heard just now. True: it was asked. */
  private doubt(entry: Watched): boolean {
    const { clock, hearing } = this.options;
    const nowMs = clock.monotonicMs();
    if (!entry.isCalm || entry.isRemoved || hearing.isDeaf(nowMs)) return false;
    if (nowMs - entry.silentSinceMs <= limits.silenceMsMax) return false;
    entry.silentSinceMs = nowMs;
    this.tellSilent(entry);
    return true;
  }

  private tellSilent({ actor }: Watched): void {
    const { strikes } = this.health;
    actor.send({ type: 'peer.silent', patienceMs: patienceMs(this.nodes, strikes) });
  }

  private get nodes(): number {
    return this.watched.size + 1;
  }

  private get tellsOfAll(): boolean {
    return tellsOfAll(this.nodes);
  }

  /**
   * Notes who has been silent for too long; nobody, while this node itself does not hear what is
   * said now.
   */
  review(): void {
    const { clock, hearing, lateWords } = this.options;
    const nowMs = clock.monotonicMs();
    this.health.review(nowMs);
    if (hearing.isDeaf(nowMs)) this.excuse(nowMs);
    hearing.ask();
    const silentMsMax = silenceMsMax(this.nodes);
    const unheardMsMax = directSilenceMsMax(this.nodes);
    let isSomeoneUnheard = false;
    for (const entry of this.watched.values()) {
      const { isAbsent, isRemoved, isCalm, silentSinceMs, spokeAtMs } = entry;
      if (!isAbsent && !isRemoved && nowMs - spokeAtMs > unheardMsMax) isSomeoneUnheard = true;
      for (const [witness, saidAtMs] of entry.testimonies)
        if (nowMs - saidAtMs > gossipLimits.testimonyMsMax) dropTestimony(entry, witness);
      const isDue = this.tellsOfAll || !isCalm || isRemoved;
      if (isDue && nowMs - silentSinceMs > silentMsMax) this.tellSilent(entry);
    }
    this.reviewAbsent(nowMs);
    lateWords.areExpected = isSomeoneUnheard;
  }

  /** A few of them a review, however many are gone. */
  private reviewAbsent(nowMs: number): void {
    const absent = [...this.watched].filter(([, { isAbsent }]) => isAbsent).map(([id]) => id);
    const part = Math.ceil(absent.length / gossipLimits.absenceReviewsMax);
    const few = Math.max(limits.gossipFanout, part);
    for (const peer of this.absenceTurns.next(absent.sort(), few))
      this.watched.get(peer)?.actor.send({ type: 'absence.reviewed', atMs: nowMs });
  }

  /** From here to `resume` silence and absence say nothing about others. */
  suspend(): void {
    this.health.rest();
    this.tellAll({ type: 'self.ill' });
  }

  resume(): void {
    this.excuse(this.options.clock.monotonicMs());
    this.options.hearing.ask();
    this.tellAll({ type: 'self.well' });
  }

  private excuse(nowMs: number): void {
    for (const entry of this.watched.values()) {
      entry.silentSinceMs = nowMs;
      entry.spokeAtMs = nowMs;
    }
    this.tellAll({ type: 'self.deaf', atMs: nowMs });
  }

  private tellAll(event: PeerEvent): void {
    for (const { actor } of this.watched.values()) actor.send(event);
  }

  private chartOf(peer: NodeId): typeof peerMachine {
    const { onChange, probe } = this.options;
    const unlessUnwatched = (then: (entry: Watched) => void): void => {
      const entry = this.watched.get(peer);
      if (entry !== undefined) then(entry);
    };
    return peerChart({
      believe: (now) =>
        unlessUnwatched((entry) => {
          if (entry.reachability === now) return;
          entry.reachability = now;
          if (now === 'down') this.dismissWitness(peer);
          onChange(peer, now);
        }),
      believeAbsent: (isAbsent) => unlessUnwatched((entry) => (entry.isAbsent = isAbsent)),
      tellAgain: () => unlessUnwatched(({ reachability }) => onChange(peer, reachability)),
      probe: () => probe(peer),
      strike: () => this.health.strike(),
    });
  }

  /** Who can't be heard is no witness. */
  private dismissWitness(witness: NodeId): void {
    for (const entry of this.watched.values()) dropTestimony(entry, witness);
  }
}

function dropTestimony({ actor, testimonies }: Watched, witness: NodeId): void {
  if (testimonies.delete(witness)) actor.send({ type: 'witness.trusts', witness });
}

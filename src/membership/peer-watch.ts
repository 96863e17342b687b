/**
 * One `peer` machine for every other member, fed from what arrives. Signs of life come with every
 * message between nodes, so a living peer costs one assignment per message and its machine sleeps.
 */
import { type ActorRefFrom, createActor } from 'xstate';
import {
  peerChart,
  type PeerEvent,
  type peerMachine,
} from '../../actors/failure-detector/peer.machine.js';
import type { NodeId } from '../../actors/rules/actor.js';
import type { Reachability } from '../../actors/rules/membership.js';
import { directSilenceMsMax, silenceMsMax } from '../../actors/rules/suspicion.js';
import type { Hearing } from '../bus/hearing.js';
import type { LateWords } from '../bus/late-words.js';
import type { Clock } from '../seams/clock.js';
import type { Inspection } from '../seams/inspection.js';
import type { Opinion } from '../wire/protocol/news.js';

interface Watched {
  readonly actor: ActorRefFrom<typeof peerMachine>;
  // As the chart says.
  reachability: Reachability;
  isAbsent: boolean;
  /** A sign of life changes nothing. */
  isCalm: boolean;
  heardAtMs: number;
  /** It said something itself. */
  isMet: boolean;
  /** When it did last. */
  spokeAtMs: number;
}

export interface PeerWatchOptions {
  readonly clock: Clock;
  readonly hearing: Hearing;
  readonly lateWords: LateWords;
  readonly inspection: Inspection;
  /** From NATS: silence says nothing about others. */
  readonly isCutOff: () => boolean;
  readonly probe: (peer: NodeId) => void;
  readonly onChange: (peer: NodeId, now: Reachability) => void;
}

export class PeerWatch {
  private readonly watched = new Map<NodeId, Watched>();

  constructor(private readonly options: PeerWatchOptions) {}

  /** Begins as alive, silent since now. */
  watch(peer: NodeId): void {
    if (this.watched.has(peer)) return;
    const { clock, inspection, isCutOff } = this.options;
    const actor = createActor(this.chartOf(peer), { clock });
    inspection.attach(actor);
    const entry: Watched = {
      actor,
      reachability: 'alive',
      isAbsent: false,
      isCalm: true,
      heardAtMs: clock.monotonicMs(),
      isMet: false,
      spokeAtMs: clock.monotonicMs(),
    };
    this.watched.set(peer, entry);
    actor.subscribe((snapshot) => (entry.isCalm = snapshot.hasTag('calm')));
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
    return entry.actor.getSnapshot().context.suspicion.silent ? 'silent' : 'heard';
  }

  /** With the peer itself, not with others that tell of it. */
  contact(peer: NodeId, contact: 'heard' | 'noResponders'): void {
    const entry = this.watched.get(peer);
    if (contact === 'noResponders') {
      entry?.actor.send({ type: 'peer.absent', atMs: this.options.clock.monotonicMs() });
      return;
    }
    this.heard(peer);
    if (entry === undefined) return;
    entry.isMet = true;
    entry.spokeAtMs = entry.heardAtMs;
  }

  heard(peer: NodeId): void {
    const { clock, hearing } = this.options;
    const nowMs = clock.monotonicMs();
    hearing.read(nowMs);
    const entry = this.watched.get(peer);
    if (entry === undefined) return;
    entry.heardAtMs = nowMs;
    if (!entry.isCalm) entry.actor.send({ type: 'peer.heard' });
  }

  testify(witness: NodeId, about: { readonly peer: NodeId; readonly suspects: boolean }): void {
    const entry = this.watched.get(about.peer);
    if (entry === undefined || about.peer === witness) return;
    const { witnesses } = entry.actor.getSnapshot().context.suspicion;
    if (witnesses.has(witness) === about.suspects) return;
    const type = about.suspects ? 'witness.suspects' : 'witness.trusts';
    entry.actor.send({ type, witness });
  }

  /**
   * Notes who has been silent for too long; nobody, while this node itself does not hear what is
   * said now.
   */
  review(): void {
    const { clock, hearing, lateWords } = this.options;
    const nowMs = clock.monotonicMs();
    if (hearing.isDeaf(nowMs)) this.excuse(nowMs);
    hearing.ask();
    const silentMsMax = silenceMsMax(this.watched.size + 1);
    const unheardMsMax = directSilenceMsMax(this.watched.size + 1);
    let isSomeoneUnheard = false;
    for (const { actor, isAbsent, heardAtMs, spokeAtMs } of this.watched.values()) {
      const isGone = isAbsent || actor.getSnapshot().matches('removed');
      if (!isGone && nowMs - spokeAtMs > unheardMsMax) isSomeoneUnheard = true;
      if (isAbsent) actor.send({ type: 'absence.reviewed', atMs: nowMs });
      if (nowMs - heardAtMs > silentMsMax) actor.send({ type: 'peer.silent' });
    }
    lateWords.areExpected = isSomeoneUnheard;
  }

  /** From here to `resume` silence and absence say nothing about others. */
  suspend(): void {
    this.tellAll({ type: 'self.ill' });
  }

  resume(): void {
    this.excuse(this.options.clock.monotonicMs());
    this.options.hearing.ask();
    this.tellAll({ type: 'self.well' });
  }

  private excuse(nowMs: number): void {
    for (const entry of this.watched.values()) {
      entry.heardAtMs = nowMs;
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
    });
  }

  /** Who can't be heard is no witness. */
  private dismissWitness(witness: NodeId): void {
    for (const peer of this.watched.keys()) this.testify(witness, { peer, suspects: false });
  }
}

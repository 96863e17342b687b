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
import { limits } from '../../actors/rules/limits.js';
import type { Reachability } from '../../actors/rules/membership.js';
import { directSilenceMsMax, silenceMsMax } from '../../actors/rules/suspicion.js';
import type { Hearing } from '../bus/hearing.js';
import type { LateWords } from '../bus/late-words.js';
import type { Clock } from '../seams/clock.js';
import type { Inspection } from '../seams/inspection.js';
import type { Opinion } from '../wire/protocol/news.js';

interface Watched {
  readonly actor: ActorRefFrom<typeof peerMachine>;
  reachability: Reachability;
  heardAtMs: number;
  /** Silence was reported to the machine, and nothing was heard since. */
  doubted: boolean;
  /**
   * When NATS said last that it is not there; undefined: not lately, or something was heard since.
   */
  absentAtMs: number | undefined;
  /** It said something itself. */
  isMet: boolean;
  /** When it did last. */
  spokeAtMs: number;
  /** Removed from the cluster: down whatever is heard, and only NATS' word on it still counts. */
  isRemoved: boolean;
}

export interface PeerWatchOptions {
  readonly clock: Clock;
  readonly hearing: Hearing;
  readonly lateWords: LateWords;
  readonly inspection: Inspection;
  readonly probe: (peer: NodeId) => void;
  readonly onChange: (peer: NodeId, now: Reachability) => void;
}

export class PeerWatch {
  private readonly watched = new Map<NodeId, Watched>();
  private suspended = false;

  constructor(private readonly options: PeerWatchOptions) {}

  /** Begins as alive, silent since now. */
  watch(peer: NodeId): void {
    if (this.watched.has(peer)) return;
    const { clock, inspection, onChange, probe } = this.options;
    const chart = peerChart({
      believe: (now) => {
        const entry = this.watched.get(peer);
        if (entry === undefined || entry.isRemoved || entry.reachability === now) return;
        entry.reachability = now;
        if (now === 'down') this.dismissWitness(peer);
        onChange(peer, now);
      },
      probe: () => probe(peer),
    });
    const actor = createActor(chart, { clock });
    inspection.attach(actor);
    this.watched.set(peer, {
      actor,
      reachability: 'alive',
      heardAtMs: clock.monotonicMs(),
      doubted: false,
      absentAtMs: undefined,
      isMet: false,
      spokeAtMs: clock.monotonicMs(),
      isRemoved: false,
    });
    actor.start();
    if (this.suspended) actor.send({ type: 'self.ill' });
  }

  unwatch(peer: NodeId): void {
    const entry = this.watched.get(peer);
    if (entry === undefined) return;
    this.watched.delete(peer);
    this.options.inspection.detach(entry.actor);
    entry.actor.stop();
    this.dismissWitness(peer);
  }

  /**
   * Down from now on, whoever says that it lives. It is watched all the same: while NATS still
   * gives it requests (its process hangs) others must serve what it swallows.
   */
  remove(peer: NodeId): void {
    const entry = this.watched.get(peer);
    if (entry === undefined || entry.isRemoved) return;
    const wasDown = entry.reachability === 'down';
    Object.assign(entry, { isRemoved: true, reachability: 'down' });
    this.dismissWitness(peer);
    if (!wasDown) this.options.onChange(peer, 'down');
  }

  stop(): void {
    for (const peer of this.watched.keys()) this.unwatch(peer);
  }

  reachability(peer: NodeId): Reachability {
    return this.watched.get(peer)?.reachability ?? 'down';
  }

  isAbsent(peer: NodeId): boolean {
    const entry = this.watched.get(peer);
    return entry === undefined || entry.absentAtMs !== undefined;
  }

  isMet(peer: NodeId): boolean {
    return this.watched.get(peer)?.isMet ?? false;
  }

  /** What this node has seen of the peer itself; never hearsay. */
  opinion(peer: NodeId): Opinion {
    const entry = this.watched.get(peer);
    if (entry === undefined) return 'heard';
    if (entry.reachability === 'down') return entry.absentAtMs === undefined ? 'down' : 'gone';
    return entry.actor.getSnapshot().context.suspicion.silent ? 'silent' : 'heard';
  }

  /** With the peer itself, not with others that tell of it. */
  contact(peer: NodeId, contact: 'heard' | 'noResponders'): void {
    if (contact === 'noResponders') return this.absent(peer);
    const entry = this.watched.get(peer);
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
    if (entry === undefined || entry.isRemoved) return;
    entry.heardAtMs = nowMs;
    entry.absentAtMs = undefined;
    if (entry.reachability === 'alive' && !entry.doubted) return;
    entry.doubted = false;
    entry.actor.send({ type: 'peer.heard' });
  }

  private absent(peer: NodeId): void {
    const entry = this.watched.get(peer);
    if (entry === undefined) return;
    const isNews = entry.absentAtMs === undefined;
    entry.absentAtMs = this.options.clock.monotonicMs();
    // Its machine has nothing left to believe, but who listens in its place asks.
    if (isNews && entry.reachability === 'down') this.options.onChange(peer, 'down');
    if (!entry.actor.getSnapshot().context.suspicion.absent)
      entry.actor.send({ type: 'peer.absent' });
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
    for (const [peer, entry] of this.watched) {
      const { isRemoved, absentAtMs, spokeAtMs } = entry;
      const isGone = isRemoved || absentAtMs !== undefined;
      if (!isGone && nowMs - spokeAtMs > unheardMsMax) isSomeoneUnheard = true;
      if (absentAtMs !== undefined) this.reviewAbsence(peer, entry, nowMs - absentAtMs);
      if (entry.doubted || nowMs - entry.heardAtMs <= silentMsMax) continue;
      entry.doubted = true;
      entry.actor.send({ type: 'peer.silent' });
    }
    lateWords.areExpected = isSomeoneUnheard;
  }

  /**
   * NATS' word on who is not there holds for as long as it is said again: a server that was cut off
   * from the others knows nobody on their side, and says nothing when they are back and one of them
   * hangs.
   */
  private reviewAbsence(peer: NodeId, entry: Watched, oldMs: number): void {
    const { onChange, probe } = this.options;
    if (oldMs > limits.absenceMsMax) {
      entry.absentAtMs = undefined;
      if (entry.reachability !== 'alive') onChange(peer, entry.reachability);
    } else if (oldMs >= limits.absenceRestMs) probe(peer);
  }

  /** From here to `resume` silence and absence say nothing about others. */
  suspend(): void {
    this.suspended = true;
    this.tellAll({ type: 'self.ill' });
  }

  resume(): void {
    this.suspended = false;
    this.excuse(this.options.clock.monotonicMs());
    this.options.hearing.ask();
    this.tellAll({ type: 'self.well' });
  }

  private excuse(nowMs: number): void {
    for (const entry of this.watched.values()) {
      entry.heardAtMs = nowMs;
      entry.spokeAtMs = nowMs;
      entry.doubted = false;
      if (entry.absentAtMs !== undefined) entry.absentAtMs = nowMs;
    }
  }

  private tellAll(event: PeerEvent): void {
    for (const { actor } of this.watched.values()) actor.send(event);
  }

  /** Who can't be heard is no witness. */
  private dismissWitness(witness: NodeId): void {
    for (const peer of this.watched.keys()) this.testify(witness, { peer, suspects: false });
  }
}

/**
 * The messages of one `handoff` machine: batches to the target, or to all other owners in its
 * place. What can be sent to nobody now is passed over: an owner that is away, or refuses, holds up
 * what it is to have and nothing else.
 *
 * An ack of the target settles a hint, and what is held for it alone may go then. So it counts only
 * from one who is an owner by the layout both go by; what is owed to a former owner goes to those
 * there are now.
 */
import type { HandoffEffects, HandoffEvent } from '../../actors/replica/handoff.machine.js';
import type { NodeId } from '../../actors/rules/actor.js';
import type { ConfigurationNumber } from '../../actors/rules/said-configuration.js';
import type { StorageKey } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { goesByAnother, type CallId, type PeerAnswer, type Peers } from '../bus/peers.js';
import { HintWalk } from '../store/hint-walk.js';
import type { HintedRecord, Store } from '../store/store.js';
import { mergeBody, mergeReason, notOwed } from '../wire/protocol/merge.js';
import { batchesOfRecords } from '../wire/state-parts.js';

export interface DeliveryParts {
  readonly store: Store;
  readonly peers: Peers;
  readonly target: NodeId;
  readonly send: (event: HandoffEvent) => void;
}

export interface DeliverySurroundings {
  /** Whether the target is to hold the key itself. */
  isOwner(key: StorageKey): boolean;
  /** Who else must hold the key before the hint may be settled; undefined: it may not be. */
  heirsOf(key: StorageKey): readonly NodeId[] | undefined;
  /** From which it follows who they are. */
  readonly configuration: ConfigurationNumber;
  /** A node has answered that it goes by another configuration. */
  differs(node: NodeId): void;
  jitter(): number;
  /** The target is owed these no more: it has those that were delivered, their heirs the others. */
  settled(records: readonly HintedRecord[], delivered: ReadonlySet<HintedRecord>): void;
  count(what: 'delivered' | 'rehomed' | 'failures', records: number): void;
}

export class Delivery implements HandoffEffects {
  private calls: CallId[] = [];
  private walk: HintWalk | undefined;
  /** Something was sent on this walk. */
  private hasSent = false;
  /** Whom what is under way was sent to, and who has not answered yet. */
  private readonly asked = new Set<NodeId>();
  /** Heirs that have refused or not answered: not asked again before the line is through. */
  private readonly unwilling = new Set<NodeId>();
  private isTargetServed = false;

  constructor(
    private readonly parts: DeliveryParts,
    private readonly surroundings: DeliverySurroundings,
  ) {}

  deliver(size: 'probe' | 'batch'): void {
    this.isTargetServed = true;
    this.look(size === 'probe' ? 1 : limits.hintBatchRecordsMax);
  }

  rehome(): void {
    this.isTargetServed = false;
    this.look(limits.hintBatchRecordsMax);
  }

  private look(records: number): void {
    const { store, target, send } = this.parts;
    const bytes = limits.hintBatchBytesMax;
    this.walk ??= new HintWalk((key) => this.takersOf(key) !== undefined);
    const found = store.hints.next(target, { records, bytes }, this.walk);
    if (found.length > 0) return this.sendOut(found);
    if (!this.walk.isAtEnd) return send({ type: 'hints.passed' });
    this.walk = undefined;
    if (store.hints.counters(target).count === 0) return send({ type: 'hints.settled' });
    // Others may have come to be owed, or to be taken, in front of what was sent last.
    if (this.hasSent) {
      this.hasSent = false;
      return this.look(records);
    }
    this.unwilling.clear();
    this.fail('batch.refused');
  }

  /** Who has to have it before the hint is settled; undefined: that can't be had now. */
  private takersOf(key: StorageKey): readonly NodeId[] | undefined {
    if (this.isForTarget(key)) return [this.parts.target];
    const heirs = this.surroundings.heirsOf(key);
    return heirs?.some((node) => this.unwilling.has(node)) === true ? undefined : heirs;
  }

  private isForTarget(key: StorageKey): boolean {
    return this.isTargetServed && this.surroundings.isOwner(key);
  }

  /** Settled are those that everybody has acknowledged who is to have them. */
  private sendOut(found: readonly HintedRecord[]): void {
    this.hasSent = true;
    const awaited = new Map<NodeId, HintedRecord[]>();
    const unsettled = new Set<HintedRecord>();
    for (const record of found) {
      const takers = this.takersOf(record.key);
      if (takers === undefined) unsettled.add(record);
      else for (const node of takers) listOf(awaited, node).push(record);
    }
    const delivered = new Set(found.filter(({ key }) => this.isForTarget(key)));
    let refusal: 'target.absent' | 'batch.refused' | undefined;
    let open = awaited.size;
    const finish = (): void => {
      const settled = found.filter((record) => !unsettled.has(record));
      this.settle(settled, delivered);
      if (unsettled.size > 0) this.surroundings.count('failures', 1);
      if (refusal !== undefined) return this.parts.send({ type: refusal });
      this.parts.send(
        settled.length === 0
          ? { type: 'hints.passed' }
          : { type: 'batch.acked', bytes: bytesOf(settled) },
      );
    };
    if (open === 0) return finish();
    for (const [node, records] of awaited) {
      this.asked.add(node);
      this.merge(node, records, (answer) => {
        this.asked.delete(node);
        if (answer.kind !== 'ok') {
          for (const record of records) unsettled.add(record);
          if (goesByAnother(answer)) this.surroundings.differs(node);
          if (delivered.has(records[0]!)) refusal = refusalOf(answer);
          else this.unwilling.add(node);
        }
        open--;
        if (open === 0) finish();
      });
    }
  }

  giveUp(): void {
    for (const call of this.calls) this.parts.peers.giveUp(call);
    this.calls = [];
    for (const node of this.asked) if (node !== this.parts.target) this.unwilling.add(node);
    this.asked.clear();
  }

  jitter(): number {
    return this.surroundings.jitter();
  }

  /** `onAnswer` once: all is merged, or something was not. */
  private merge(
    to: NodeId,
    records: readonly HintedRecord[],
    onAnswer: (answer: PeerAnswer) => void,
  ): void {
    const batches = batchesOfRecords(records);
    const { configuration } = this.surroundings;
    let open = batches.length;
    const onOne = (answer: PeerAnswer): void => {
      if (open === 0) return;
      open = answer.kind === 'ok' ? open - 1 : 0;
      if (open === 0) onAnswer(answer);
    };
    for (const batch of batches) {
      const { hint } = mergeReason;
      const body = mergeBody(hint, notOwed, limits.backgroundCallMsMax, batch, configuration);
      this.calls.push(this.parts.peers.call(to, 'merge', body, onOne));
    }
  }

  private settle(records: readonly HintedRecord[], delivered: ReadonlySet<HintedRecord>): void {
    if (records.length === 0) return;
    const { store, target } = this.parts;
    // Not waited for: a hint that comes back after a crash is delivered twice, which does no harm.
    store.hints.settle(target, records, () => {});
    this.surroundings.settled(records, delivered);
    const toTarget = records.filter((record) => delivered.has(record)).length;
    this.surroundings.count('delivered', toTarget);
    this.surroundings.count('rehomed', records.length - toTarget);
  }

  private fail(type: 'target.absent' | 'batch.refused'): void {
    this.surroundings.count('failures', 1);
    this.parts.send({ type });
  }
}

function refusalOf(answer: PeerAnswer): 'target.absent' | 'batch.refused' {
  return answer.kind === 'noResponders' ? 'target.absent' : 'batch.refused';
}

function bytesOf(records: readonly HintedRecord[]): number {
  return records.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

function listOf<K, V>(lists: Map<K, V[]>, key: K): V[] {
  const list = lists.get(key);
  if (list !== undefined) return list;
  const created: V[] = [];
  lists.set(key, created);
  return created;
}

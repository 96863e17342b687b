/**
 * The messages of one `handoff` machine: batches to the target, or to all other owners in its
 * place.
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
  count(what: 'delivered' | 'rehomed' | 'failures', records: number): void;
}

export class Delivery implements HandoffEffects {
  private calls: CallId[] = [];

  constructor(
    private readonly parts: DeliveryParts,
    private readonly surroundings: DeliverySurroundings,
  ) {}

  deliver(size: 'probe' | 'batch'): void {
    const { store, target, send } = this.parts;
    const records = store.hints.next(target, {
      records: size === 'probe' ? 1 : limits.hintBatchRecordsMax,
      bytes: limits.hintBatchBytesMax,
    });
    if (records.length === 0) return send({ type: 'hints.settled' });
    const due = records.filter(({ key }) => this.surroundings.isOwner(key));
    if (due.length === 0) return this.rehomeThese(records);
    this.merge(target, due, (answer) => {
      if (goesByAnother(answer)) this.surroundings.differs(target);
      if (answer.kind === 'ok') this.settle(due, 'delivered');
      else this.fail(answer.kind === 'noResponders' ? 'target.absent' : 'batch.refused');
    });
  }

  rehome(): void {
    const { store, target, send } = this.parts;
    const owed = store.hints.next(target, {
      records: limits.hintBatchRecordsMax,
      bytes: limits.hintBatchBytesMax,
    });
    if (owed.length === 0) return send({ type: 'hints.settled' });
    this.rehomeThese(owed);
  }

  /**
   * Each record goes to all its other owners; settled are those that every one of them has
   * acknowledged.
   */
  private rehomeThese(owed: readonly HintedRecord[]): void {
    const awaited = new Map<NodeId, HintedRecord[]>();
    const unsettled = new Set<HintedRecord>();
    for (const record of owed) {
      const heirs = this.surroundings.heirsOf(record.key);
      if (heirs === undefined) unsettled.add(record);
      else for (const node of heirs) listOf(awaited, node).push(record);
    }
    let open = awaited.size;
    const finish = (): void => {
      const settled = owed.filter((record) => !unsettled.has(record));
      if (settled.length > 0) this.settle(settled, 'rehomed');
      else this.fail('batch.refused');
    };
    if (open === 0) return finish();
    for (const [node, records] of awaited) {
      this.merge(node, records, (answer) => {
        if (answer.kind !== 'ok') for (const record of records) unsettled.add(record);
        if (goesByAnother(answer)) this.surroundings.differs(node);
        open--;
        if (open === 0) finish();
      });
    }
  }

  giveUp(): void {
    for (const call of this.calls) this.parts.peers.giveUp(call);
    this.calls = [];
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

  private settle(records: readonly HintedRecord[], how: 'delivered' | 'rehomed'): void {
    const { store, target, send } = this.parts;
    // Not waited for: a hint that comes back after a crash is delivered twice, which does no harm.
    store.hints.settle(target, records, () => {});
    this.surroundings.count(how, records.length);
    send({ type: 'batch.acked', bytes: records.reduce((sum, { bytes }) => sum + bytes.length, 0) });
  }

  private fail(type: 'target.absent' | 'batch.refused'): void {
    this.surroundings.count('failures', 1);
    this.parts.send({ type });
  }
}

function listOf<K, V>(lists: Map<K, V[]>, key: K): V[] {
  const list = lists.get(key);
  if (list !== undefined) return list;
  const created: V[] = [];
  lists.set(key, created);
  return created;
}

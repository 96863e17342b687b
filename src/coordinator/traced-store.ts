/** The coordinator's own store, as a round under the glass uses it. */
import type { NodeId } from '../../actors/rules/actor.js';
import type { StepWhat, TraceId } from '../insight/notes.js';
import type { Sketch, Tracing } from '../seams/tracing.js';
import type { Lease } from '../store/arena.js';
import type { HeldRecord, MintedRecord, OnDurable, Refusal } from '../store/store.js';
import { QuorateError } from '../errors.js';
import type { StorageKey } from '../../actors/rules/key.js';
import type { RoundStore } from './round-surroundings.js';

interface Noting {
  readonly ids: readonly TraceId[];
  /** What each is about. */
  readonly keys: ReadonlyMap<StorageKey, readonly TraceId[]>;
  note(sketch: Sketch): void;
}

export class TracedStore implements RoundStore {
  /** Who has acknowledged is owed nothing any more. */
  readonly hints: RoundStore['hints'] = {
    settle: (target, delivered, onDurable) => {
      this.store.hints.settle(target, delivered, onDurable);
      const keys = delivered.map(({ key }) => key);
      this.tracing.handedOff(target, keys, [target]);
    },
  };

  constructor(
    private readonly store: RoundStore,
    private readonly traces: Noting,
    private readonly tracing: Tracing,
    /** What is noted when this node has merged on disk what the round tells it. */
    private readonly merged: StepWhat | undefined,
  ) {}

  get nodeId(): NodeId {
    return this.store.nodeId;
  }

  get durability(): RoundStore['durability'] {
    return this.store.durability;
  }

  read(key: StorageKey): HeldRecord | undefined {
    return this.store.read(key);
  }

  readAll(keys: readonly StorageKey[]): (HeldRecord | undefined)[] {
    return this.store.readAll(keys);
  }

  refusal(): Refusal | undefined {
    return this.store.refusal();
  }

  mint(records: readonly MintedRecord[], onDurable: OnDurable): Lease {
    const { store, tracing, traces } = this;
    const mint = (written: OnDurable): Lease => store.mint(records, written);
    const lease = tracing.write(traces.ids, onDurable, mint);
    this.stored();
    return lease;
  }

  merge(batch: Uint8Array, options: { readonly owedTo?: NodeId }, onDurable: OnDurable): boolean[] {
    const { store, tracing, traces, merged, nodeId } = this;
    const done = (): void => {
      if (merged !== undefined) traces.note({ kind: 'step', what: merged, about: nodeId });
      onDurable();
    };
    const merge = (written: OnDurable): boolean[] => store.merge(batch, options, written);
    const news = tracing.write(traces.ids, done, merge);
    this.stored();
    return news;
  }

  settled(onDisk: OnDurable): void {
    this.store.settled(onDisk);
  }

  owe(target: NodeId, batch: Buffer, onDurable: OnDurable): void {
    const { store, traces, tracing } = this;
    try {
      store.owe(target, batch, onDurable);
    } catch (error) {
      if (error instanceof QuorateError)
        traces.note({ kind: 'step', what: 'refused', about: target, text: error.message });
      throw error;
    }
    traces.note({ kind: 'step', what: 'hintOwed', about: target });
    for (const [key, ids] of traces.keys) tracing.owes(ids, target, [key]);
  }

  private stored(): void {
    this.traces.note({ kind: 'step', what: 'stored', about: this.nodeId });
  }
}

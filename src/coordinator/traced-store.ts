/** The coordinator's own store, as a round under the glass uses it. */
import type { NodeId } from '../../actors/rules/actor.js';
import type { TraceId } from '../insight/notes.js';
import type { Sketch, Tracing } from '../seams/tracing.js';
import type { Lease } from '../store/arena.js';
import type { HeldRecord, Hints, MintedRecord, OnDurable, Refusal } from '../store/store.js';
import { QuorateError } from '../errors.js';
import type { StorageKey } from '../../actors/rules/key.js';
import { keyedStatesOf } from '../wire/state-batch.js';
import type { RoundStore } from './round-surroundings.js';

interface Noting {
  readonly ids: readonly TraceId[];
  note(sketch: Sketch): void;
}

export class TracedStore implements RoundStore {
  constructor(
    private readonly store: RoundStore,
    private readonly traces: Noting,
    private readonly tracing: Tracing,
  ) {}

  get nodeId(): NodeId {
    return this.store.nodeId;
  }

  get durability(): RoundStore['durability'] {
    return this.store.durability;
  }

  get hints(): Hints {
    return this.store.hints;
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
    const lease = this.store.mint(records, this.durable(onDurable));
    this.stored();
    return lease;
  }

  merge(batch: Uint8Array, options: { readonly owedTo?: NodeId }, onDurable: OnDurable): boolean[] {
    const news = this.store.merge(batch, options, this.durable(onDurable));
    this.stored();
    return news;
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
    const keys = keyedStatesOf(batch).map(({ key }) => key);
    tracing.owes(traces.ids, target, keys);
  }

  private stored(): void {
    this.traces.note({ kind: 'step', what: 'stored', about: this.nodeId });
  }

  /** Its own yes, which counts as that of any other. */
  private durable(onDurable: OnDurable): OnDurable {
    const { traces, tracing } = this;
    return tracing.write(traces.ids, () => {
      traces.note({ kind: 'step', what: 'acked', about: this.nodeId });
      onDurable();
    });
  }
}

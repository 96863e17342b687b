/** What every workload shares: a store, chance, and a place to write down what happened. */
import { performance } from 'node:perf_hooks';
import type { SimRandom } from '../../simulation/core/sim-random.js';
import type { CopyRecord, OperationRecord, Workload, WriteName } from '../records.js';
import type { Found, ReadHow, SoakStore, WriteHow, Written } from './store.js';

export interface WorkerOptions {
  readonly client: string;
  readonly store: SoakStore;
  readonly random: SimRandom;
  /** Names of all clients, this one included: some workloads read what others write. */
  readonly clients: readonly string[];
  readonly write: (record: OperationRecord | CopyRecord) => void;
}

/** What the context of a write stands for: see its record. */
export interface Basis {
  readonly replaces?: readonly WriteName[] | undefined;
  readonly goesOn?: boolean | undefined;
}

export abstract class Worker {
  private numbers = 0;

  constructor(
    readonly workload: Workload,
    protected readonly options: WorkerOptions,
  ) {}

  /** One operation, or a few that belong together. */
  abstract step(): Promise<void>;

  protected nextName(author: string): WriteName {
    return `${author}.${++this.numbers}`;
  }

  protected put(
    key: string,
    name: WriteName,
    { value = name, ...how }: WriteHow & Basis & { readonly value?: string } = {},
  ): Promise<Written> {
    return this.write('put', { key, name, value }, how);
  }

  protected delete(key: string, name: WriteName, how: WriteHow & Basis = {}): Promise<Written> {
    return this.write('delete', { key, name, value: undefined }, how);
  }

  private async write(
    kind: 'put' | 'delete',
    what: { readonly key: string; readonly name: WriteName; readonly value: string | undefined },
    { replaces, goesOn, ...how }: WriteHow & Basis,
  ): Promise<Written> {
    const { key, name, value } = what;
    const startMs = nowMs();
    const onCopy = ({ outcome, seenPartly }: Written): void => {
      if (outcome === 'unknown' || seenPartly === true)
        this.options.write({ copySeenPartly: name });
    };
    const { store } = this.options;
    const written = await store.write(this.workload, key, value, { ...how, onCopy });
    this.note(key, { kind, startMs, name, ...fieldsOf(written, how, { replaces, goesOn }) });
    return written;
  }

  /** `namesIn`: the writes a value speaks of; itself unless told. */
  protected async get(
    key: string,
    how: ReadHow = {},
    namesIn: (value: string) => WriteName[] = (value) => [value as WriteName],
  ): Promise<Found & { readonly shown: readonly WriteName[] }> {
    const startMs = nowMs();
    const found = await this.options.store.read(this.workload, key, how);
    const shown = [...new Set(found.values.flatMap(namesIn))];
    const { outcome, error, wasRetried } = found;
    this.note(key, {
      kind: 'get',
      ...(wasRetried === true ? { wasRetried } : {}),
      startMs,
      outcome,
      shown,
      strict: how.strict === true,
      ...(error === undefined ? {} : { error }),
    });
    return { ...found, shown };
  }

  private note(
    key: string,
    record: Omit<OperationRecord, 'workload' | 'key' | 'client' | 'endMs'>,
  ): void {
    const { client, write } = this.options;
    write({ workload: this.workload, key, client, endMs: nowMs(), ...record });
  }
}

function fieldsOf(
  { outcome, error, seenPartly, isUndated, wasRetried }: Written,
  { strict, ttlMs }: WriteHow,
  { replaces, goesOn }: Basis,
): Partial<OperationRecord> & Pick<OperationRecord, 'outcome'> {
  return {
    outcome,
    strict: strict === true,
    ...(error === undefined ? {} : { error }),
    ...(ttlMs === undefined ? {} : { ttlMs }),
    ...(replaces === undefined ? {} : { replaces }),
    ...(goesOn === true ? { goesOn } : {}),
    ...(seenPartly === true ? { seenPartly } : {}),
    ...(isUndated === true ? { isUndated } : {}),
    ...(wasRetried === true ? { wasRetried } : {}),
  };
}

/** The same for all processes of the machine. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

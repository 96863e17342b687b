/** What is measured: the cells of the table, and how often and how long each. */
export type SystemName = 'quorate' | 'jetstream-kv-r3';
export type WorkloadName = 'put' | 'get' | 'mixed';

export interface Cell {
  readonly workload: WorkloadName;
  readonly valueBytes: number;
  /** Requests the client process keeps in flight: closed loop. */
  readonly inFlight: number;
}

export interface Plan {
  readonly systems: readonly SystemName[];
  readonly cells: readonly Cell[];
  readonly repetitions: number;
  /** Before anything is measured, each system runs this long under full load: compiled code, filled caches. */
  readonly heatMs: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Distinct keys for each value size; all of them are there before anything is measured. */
  readonly keys: number;
  readonly w: number;
  readonly r: number;
  /** Of Quorate: `sync`, or `periodic:MS`. */
  readonly durability: string;
  readonly seed: number;
}

export const workloads: readonly WorkloadName[] = ['put', 'get', 'mixed'];

export const fullPlan: Plan = {
  systems: ['quorate', 'jetstream-kv-r3'],
  cells: cellsOf({ workloads, valueBytes: [100, 1_000, 10_000], inFlight: [1, 64, 256] }),
  repetitions: 3,
  heatMs: 20_000,
  warmUpMs: 1_000,
  measureMs: 3_000,
  keys: 10_000,
  w: 2,
  r: 2,
  durability: 'sync',
  seed: 1,
};

export const quickPlan: Plan = {
  ...fullPlan,
  cells: cellsOf({ workloads: ['put', 'get'], valueBytes: [100, 1_000], inFlight: [1, 64, 256] }),
  repetitions: 2,
  heatMs: 8_000,
  warmUpMs: 500,
  measureMs: 1_000,
  keys: 5_000,
};

export function cellsOf(axes: {
  readonly workloads: readonly WorkloadName[];
  readonly valueBytes: readonly number[];
  readonly inFlight: readonly number[];
}): Cell[] {
  return axes.valueBytes.flatMap((valueBytes) =>
    axes.workloads.flatMap((workload) =>
      axes.inFlight.map((inFlight) => ({ workload, valueBytes, inFlight })),
    ),
  );
}

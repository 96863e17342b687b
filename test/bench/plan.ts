/** What is measured: the cells of the table, who competes in each, and how often and how long. */
import { reads, workloadNames, writes, type WorkloadName } from './load/mixes.js';

export const systemNames = [
  'quorate',
  'quorate-plain',
  'quorate-light',
  'before',
  'before-plain',
  'before-light',
  'jetstream-kv-r3',
  'jetstream-kv-r3-light',
  'jetstream-kv-r3-synced',
  'jetstream-kv-r3-synced-light',
  'jetstream-kv-r1',
  'redis',
] as const;
export type SystemName = (typeof systemNames)[number];
export type DriverName =
  'quorate' | 'quorate-plain' | 'quorate-light' | 'jetstream' | 'jetstream-light' | 'redis';

/** A system as it is set up and asked: one line of a cell. */
export interface Contender {
  readonly system: SystemName;
  readonly w: number;
  readonly r: number;
  /** When an acknowledged put is on disk: `sync`, or `periodic:MS`. */
  readonly durability: string;
}

export type Load =
  /** Requests the clients keep in flight together. */
  | { readonly kind: 'closed'; readonly inFlight: number }
  | {
      readonly kind: 'open';
      readonly ratePerSecond: number;
      /** The rate changes in full swing: what was begun before it is not waited for. */
      readonly afterwards?: Phase;
    };

export interface Phase {
  /** From the beginning, warm-up included. */
  readonly fromMs: number;
  readonly ratePerSecond: number;
}

export interface Cell {
  readonly workload: WorkloadName;
  readonly valueBytes: number;
  readonly load: Load;
  readonly contenders: readonly Contender[];
}

export interface Plan {
  readonly cells: readonly Cell[];
  readonly repetitions: number;
  /**
   * Before anything is measured, each system runs this long under full load: compiled code, filled
   * caches.
   */
  readonly heatMs: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Distinct keys for each value size; all of them are there before anything is measured. */
  readonly keys: number;
  /** Client processes that share the load. */
  readonly clients: number;
  readonly seed: number;
}

/** What crosses with what. */
export interface Axes {
  readonly systems: readonly SystemName[];
  readonly workloads: readonly WorkloadName[];
  readonly valueBytes: readonly number[];
  readonly loads: readonly Load[];
  /** The quorums and durabilities of Quorate; the peers have their own. */
  readonly w: readonly number[];
  readonly r: readonly number[];
  readonly durabilities: readonly string[];
}

/** What cannot be chosen, for those whose client does not choose it. */
export const fixed: Readonly<Partial<Record<SystemName, Omit<Contender, 'system'>>>> = {
  'jetstream-kv-r3': { w: 2, r: 1, durability: 'periodic:120000' },
  'jetstream-kv-r3-light': { w: 2, r: 1, durability: 'periodic:120000' },
  'jetstream-kv-r3-synced': { w: 2, r: 1, durability: 'sync' },
  'jetstream-kv-r3-synced-light': { w: 2, r: 1, durability: 'sync' },
  'jetstream-kv-r1': { w: 1, r: 1, durability: 'periodic:120000' },
  redis: { w: 1, r: 1, durability: 'sync' },
};

export const baseAxes: Axes = {
  systems: ['quorate', 'jetstream-kv-r3'],
  workloads: ['put', 'get'],
  valueBytes: [100, 1_000, 10_000],
  loads: closed(1, 16, 64, 256, 1024),
  w: [2],
  r: [2],
  durabilities: ['sync'],
};

const periodic = 'periodic:100';
const everyone: readonly SystemName[] = ['quorate', 'jetstream-kv-r3', 'jetstream-kv-r1', 'redis'];

export const fullPlan: Plan = {
  cells: [
    ...cellsOf({ ...baseAxes, systems: everyone }),
    ...cellsOf({
      ...baseAxes,
      workloads: workloadNames.filter((name) => name !== 'put' && name !== 'get'),
      valueBytes: [1_000],
      loads: closed(64, 256),
    }),
    ...cellsOf({
      ...baseAxes,
      valueBytes: [1_000],
      loads: closed(1, 256),
      w: [1, 2, 3],
      r: [1, 2],
    }),
    ...cellsOf({
      ...baseAxes,
      workloads: ['put'],
      loads: closed(1, 64, 256),
      durabilities: ['sync', periodic],
    }),
  ],
  repetitions: 3,
  heatMs: 40_000,
  warmUpMs: 2_000,
  measureMs: 3_000,
  keys: 10_000,
  clients: 1,
  seed: 1,
};

export const quickAxes: Axes = {
  ...baseAxes,
  valueBytes: [100, 1_000],
  loads: closed(1, 64, 256),
};

export const quickPlan: Plan = {
  ...fullPlan,
  cells: cellsOf(quickAxes),
  repetitions: 2,
  heatMs: 6_000,
  warmUpMs: 500,
  measureMs: 1_000,
  keys: 5_000,
};

export function closed(...inFlight: readonly number[]): Load[] {
  return inFlight.map((count) => ({ kind: 'closed', inFlight: count }));
}

export function cellsOf(axes: Axes): Cell[] {
  return axes.valueBytes.flatMap((valueBytes) =>
    axes.workloads.flatMap((workload) =>
      axes.loads.map((load) => ({
        workload,
        valueBytes,
        load,
        contenders: contendersOf(axes, workload),
      })),
    ),
  );
}

/**
 * W and durability make no difference to a workload that only reads, nor R to one that only writes:
 * those are asked once.
 */
export function contendersOf(axes: Axes, workload: WorkloadName): Contender[] {
  const { systems } = axes;
  const ws = writes(workload) ? axes.w : axes.w.slice(0, 1);
  const rs = reads(workload) ? axes.r : axes.r.slice(0, 1);
  const durabilities = writes(workload) ? axes.durabilities : axes.durabilities.slice(0, 1);
  return systems.flatMap((system): Contender[] => {
    const own = fixed[system];
    if (own !== undefined) return [{ system, ...own }];
    return durabilities.flatMap((durability) =>
      ws.flatMap((w) => rs.map((r) => ({ system, w, r, durability }))),
    );
  });
}

/** Contenders of one cluster are the same processes, asked in another way. */
export function clusterOf({ system, durability }: Contender): string {
  const [, name] = /^(quorate|before)/.exec(system) ?? [];
  return name === undefined ? system.replace(/-light$/, '') : `${name} ${durability}`;
}

/**
 * The client that drives it; `before` is this project at another time, with a client of that time.
 */
export function driverOf(system: SystemName): DriverName {
  const [name, how] = /^(?:quorate|before)(-plain|-light)?$/.exec(system) ?? [];
  if (name !== undefined) return `quorate${(how ?? '') as '' | '-plain' | '-light'}`;
  if (system === 'redis') return system;
  return isLight(system) ? 'jetstream-light' : 'jetstream';
}

/** Driven by the client that is the same for every system. */
export function isLight(system: SystemName): boolean {
  return system.endsWith('-light');
}

export function sameContender(a: Contender, b: Contender): boolean {
  return a.system === b.system && a.w === b.w && a.r === b.r && a.durability === b.durability;
}

export function distinctContenders(cells: readonly Cell[]): Contender[] {
  const distinct: Contender[] = [];
  for (const contender of cells.flatMap((cell) => cell.contenders))
    if (!distinct.some((known) => sameContender(known, contender))) distinct.push(contender);
  return distinct;
}

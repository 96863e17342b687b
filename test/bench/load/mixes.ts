/**
 * What each workload asks for. The lettered ones are YCSB's (E, which scans, has no counterpart in
 * a key-value store).
 */
export type Step = 'get' | 'put' | 'insert' | 'readModifyWrite';

export interface Mix {
  /** Of 100 requests; they add up. */
  readonly shares: Readonly<Partial<Record<Step, number>>>;
  /** `latest`: the younger a key, the more popular. */
  readonly keys: 'uniform' | 'zipfian' | 'latest';
}

export const mixes = {
  put: { shares: { put: 100 }, keys: 'uniform' },
  get: { shares: { get: 100 }, keys: 'uniform' },
  '95/5': { shares: { get: 95, put: 5 }, keys: 'uniform' },
  '50/50': { shares: { get: 50, put: 50 }, keys: 'uniform' },
  'ycsb-a': { shares: { get: 50, put: 50 }, keys: 'zipfian' },
  'ycsb-b': { shares: { get: 95, put: 5 }, keys: 'zipfian' },
  'ycsb-c': { shares: { get: 100 }, keys: 'zipfian' },
  'ycsb-d': { shares: { get: 95, insert: 5 }, keys: 'latest' },
  'ycsb-f': { shares: { get: 50, readModifyWrite: 50 }, keys: 'zipfian' },
} as const satisfies Record<string, Mix>;

export type WorkloadName = keyof typeof mixes;

export const workloadNames = Object.keys(mixes) as readonly WorkloadName[];

export function writes(workload: WorkloadName): boolean {
  return Object.keys(mixes[workload].shares).some((step) => step !== 'get');
}

export function reads(workload: WorkloadName): boolean {
  return Object.keys(mixes[workload].shares).some(
    (step) => step === 'get' || step === 'readModifyWrite',
  );
}

/** `percent`: 0 … 99, evenly distributed. */
export function stepAt({ shares }: Mix, percent: number): Step {
  let end = 0;
  for (const [step, share] of Object.entries(shares)) {
    end += share;
    if (percent < end) return step as Step;
  }
  throw new Error(`the shares end at ${end} of 100`);
}

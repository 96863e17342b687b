/** What a client asks for: keys by chance, the same for every system, and values that do not compress. */
import type { Cell, WorkloadName } from '../plan.js';
import type { Driver } from './driver.js';

/** Of `mixed`. */
const getsPercent = 50;

/** xorshift32 (Marsaglia 2003): cheap enough not to be measured itself. */
export class Chance {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0 || 1;
  }

  below(bound: number): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x;
    return (x >>> 0) % bound;
  }
}

export class Workload {
  private readonly chance: Chance;
  private readonly bytes: Buffer;
  private readonly keysBySize = new Map<number, readonly string[]>();

  constructor(
    private readonly driver: Driver,
    private readonly options: { readonly keys: number; readonly seed: number },
  ) {
    this.chance = new Chance(options.seed);
    this.bytes = Buffer.alloc(1024 * 1024);
    for (let i = 0; i < this.bytes.length; i++) this.bytes[i] = this.chance.below(256);
  }

  /** Sizes have keys of their own, so that a get always meets the size it is measured for. */
  keys(valueBytes: number): readonly string[] {
    let keys = this.keysBySize.get(valueBytes);
    if (keys === undefined) {
      keys = Array.from({ length: this.options.keys }, (_, i) => `v${valueBytes}.key-${i}`);
      this.keysBySize.set(valueBytes, keys);
    }
    return keys;
  }

  value(bytes: number): Uint8Array {
    const start = this.chance.below(this.bytes.length - bytes);
    return this.bytes.subarray(start, start + bytes);
  }

  next({ workload, valueBytes }: Cell): Promise<unknown> {
    const keys = this.keys(valueBytes);
    const key = keys[this.chance.below(keys.length)]!;
    if (this.isGet(workload)) return this.driver.get(key);
    return this.driver.put(key, this.value(valueBytes));
  }

  private isGet(workload: WorkloadName): boolean {
    if (workload === 'mixed') return this.chance.below(100) < getsPercent;
    return workload === 'get';
  }
}

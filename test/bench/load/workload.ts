/**
 * What a client asks for: keys by chance, the same for every system, and values that do not
 * compress.
 */
import { Chance } from './chance.js';
import type { Operations } from './drivers/driver.js';
import { KeySpace } from './key-space.js';
import { mixes, stepAt, type Mix, type WorkloadName } from './mixes.js';

export class Workload {
  private readonly chance: Chance;
  private readonly bytes: Buffer;
  private readonly spaces = new Map<number, KeySpace>();

  constructor(
    private readonly options: {
      readonly keys: number;
      readonly seed: number;
      readonly client: number;
    },
  ) {
    this.chance = new Chance(options.seed + options.client);
    this.bytes = Buffer.alloc(1024 * 1024);
    for (let i = 0; i < this.bytes.length; i++) this.bytes[i] = this.chance.below(256);
  }

  /** Sizes have keys of their own, so that a get always meets the size it is measured for. */
  keys(valueBytes: number): KeySpace {
    let space = this.spaces.get(valueBytes);
    if (space === undefined) {
      const { keys, client } = this.options;
      space = new KeySpace(this.chance, { valueBytes, keys, client });
      this.spaces.set(valueBytes, space);
    }
    return space;
  }

  value(bytes: number): Uint8Array {
    const start = this.chance.below(this.bytes.length - bytes);
    return this.bytes.subarray(start, start + bytes);
  }

  /** What asks for one request after the other. */
  requests(
    operations: Operations,
    { workload, valueBytes }: { readonly workload: WorkloadName; readonly valueBytes: number },
  ): () => Promise<unknown> {
    const mix: Mix = mixes[workload];
    const keys = this.keys(valueBytes);
    return () => {
      const step = stepAt(mix, this.chance.below(100));
      if (step === 'insert') return this.insert(operations, keys, valueBytes);
      const key = keys.choose(mix.keys);
      if (step === 'get') return operations.get(key);
      const value = this.value(valueBytes);
      if (step === 'put') return operations.put(key, value);
      // As YCSB's: the answer of the get is awaited, and the put does not depend on it.
      return operations.get(key).then(() => operations.put(key, value));
    };
  }

  private async insert(operations: Operations, keys: KeySpace, valueBytes: number): Promise<void> {
    const key = keys.nextNew();
    await operations.put(key, this.value(valueBytes));
    keys.inserted(key);
  }
}

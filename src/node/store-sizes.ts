/** What a node's store can tell of how much it holds. */
import { inject, injectable } from 'tsyringe';
import type { DataSizes } from '../membership/size-estimate.js';
import { Store } from '../store/store.js';

@injectable()
export class StoreSizes implements DataSizes {
  constructor(@inject(Store) private readonly store: Store) {}

  keysOf(partition: number): number {
    return this.store.trees.keysOf(partition);
  }

  sample(partition: number, limit: number): number[] {
    const { store } = this;
    return store
      .scan({ partition, limit })
      .map(({ key }) => key.length + (store.peek(key)?.bytes.length ?? 0));
  }
}

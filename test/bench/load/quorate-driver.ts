import { connect } from '../../../src/index.js';
import type { Target } from '../systems/system.js';
import type { Driver } from './driver.js';

export async function quorateDriver({ servers, w, r }: Target): Promise<Driver> {
  const client = await connect({ servers });
  const bucket = client.bucket('bench', { w, r });
  return {
    put: (key, value) => bucket.put(key, value),
    async get(key) {
      const entry = await bucket.get(key);
      if (entry === undefined) throw new Error(`no such key: ${key}`);
      return entry.value;
    },
    close: () => client.close(),
  };
}

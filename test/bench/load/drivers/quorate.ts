import { connect } from '../../../../src/index.js';
import { AbsentError } from './absent-error.js';
import type { Driver, Operations } from './driver.js';

export async function quorateDriver(servers: readonly string[]): Promise<Driver> {
  const client = await connect({ servers });
  return {
    operations({ w, r }): Operations {
      const bucket = client.bucket('bench', { w, r });
      return {
        put: (key, value) => bucket.put(key, value),
        async get(key) {
          const entry = await bucket.get(key);
          if (entry === undefined) throw new AbsentError(key);
          return entry.value;
        },
      };
    },
    close: () => client.close(),
  };
}

import { connect } from 'nats';
import { kvBucket } from '../../systems/jetstream-kv.js';
import { AbsentError } from './absent-error.js';
import type { Driver, Operations } from './driver.js';

export async function jetStreamDriver(servers: readonly string[]): Promise<Driver> {
  const connection = await connect({ servers: [...servers], noAsyncTraces: true });
  const bucket = await connection.jetstream().views.kv(kvBucket, { bindOnly: true });
  const operations: Operations = {
    put: (key, value) => bucket.put(key, value),
    async get(key) {
      const entry = await bucket.get(key);
      if (entry === null) throw new AbsentError(key);
      return entry.value;
    },
  };
  return { operations: () => operations, close: () => connection.close() };
}

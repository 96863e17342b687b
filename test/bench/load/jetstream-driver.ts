import { connect } from 'nats';
import { kvBucket } from '../systems/jetstream-kv.js';
import type { Target } from '../systems/system.js';
import type { Driver } from './driver.js';

export async function jetStreamDriver({ servers }: Target): Promise<Driver> {
  const connection = await connect({ servers: [...servers], noAsyncTraces: true });
  const bucket = await connection.jetstream().views.kv(kvBucket, { bindOnly: true });
  return {
    put: (key, value) => bucket.put(key, value),
    async get(key) {
      const entry = await bucket.get(key);
      if (entry === null) throw new Error(`no such key: ${key}`);
      return entry.value;
    },
    close: () => connection.close(),
  };
}

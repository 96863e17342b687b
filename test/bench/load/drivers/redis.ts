import { createClient, RESP_TYPES } from '@redis/client';
import { AbsentError } from './absent-error.js';
import type { Driver, Operations } from './driver.js';

export async function redisDriver([url]: readonly string[]): Promise<Driver> {
  const client = createClient({ url: url! });
  // Without a listener it would throw what every command rejects with anyway.
  client.on('error', () => undefined);
  await client.connect();
  const bytes = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  const operations: Operations = {
    put: (key, value) => bytes.set(key, Buffer.from(value.buffer, value.byteOffset, value.length)),
    async get(key) {
      const value = await bytes.get(key);
      if (value === null) throw new AbsentError(key);
      return value;
    },
  };
  return { operations: () => operations, close: () => client.close() };
}

/**
 * What a stopped process had not read when its deadline passed is not done when it goes on, on real
 * processes.
 */
import { expect, test } from '@jest/globals';
import { connect } from '../../src/index.js';
import { startNatsServer } from '../support/nats-server.js';
import { ProcessCluster } from '../support/process-cluster.js';

test('SIGSTOP of one of three: puts it had not read in time do not come back over what their author put since', async () => {
  const server = await startNatsServer();
  const cluster = await ProcessCluster.start({ nodes: 3, serverUrl: server.url });
  const client = await connect({ servers: server.url });
  try {
    const bucket = client.bucket('shop', { timeoutMs: 1_000 });
    const keys = Array.from({ length: 40 }, (_, i) => `key-${i}`);
    const putAll = (value: string): Promise<PromiseSettledResult<unknown>[]> =>
      Promise.allSettled(keys.map((key) => bucket.put(key, value)));
    await putAll('one');
    cluster.signal(0, 'SIGSTOP');
    await putAll('two');
    const done = new Set<string>();
    await cluster.until('every key was put again', 30_000, async () => {
      const results = await putAll('three');
      results.forEach(({ status }, i) => status === 'fulfilled' && done.add(keys[i]!));
      return done.size === keys.length;
    });
    cluster.signal(0, 'SIGCONT');
    await cluster.serving(3);
    await cluster.until('hints are drained', 30_000, async () => {
      const rows = await cluster.status();
      return rows.length === 3 && rows.every(({ hints }) => hints === 0);
    });
    const entries = await bucket.getAll(keys);
    const shown = [...entries.values()].map(({ value }) => Buffer.from(value).toString());
    expect(new Set(shown)).toEqual(new Set(['three']));
    expect(shown).toHaveLength(keys.length);
  } finally {
    await client.close();
    await cluster.stop();
    await server.stop();
  }
}, 120_000);

/**
 * `kill -9` of every node under load, again and again: what was acknowledged with durability sync
 * is there afterwards. QUORATE_KILLS says how often.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { startNatsServer } from '../support/nats-server.js';
import type { NatsServer } from '../support/nats-server.js';
import { PlainClient } from '../support/plain-client.js';
import { ProcessCluster } from '../support/process-cluster.js';

const kills = Number(process.env['QUORATE_KILLS'] ?? 20);
const writers = 16;

let server: NatsServer;
let cluster: ProcessCluster;
let client: PlainClient;

beforeAll(async () => {
  server = await startNatsServer();
  cluster = await ProcessCluster.start({ nodes: 3, serverUrl: server.url });
  client = await PlainClient.connect(server.url);
});

afterAll(async () => {
  await client?.close();
  await cluster?.stop();
  await server?.stop();
});

/**
 * One writer per key: versions 1, 2, 3, …; remembers the last one sent and the last one
 * acknowledged.
 */
class Writer {
  sent = 0;
  acknowledged = 0;
  constructor(readonly place: string) {}

  async run(until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      const version = ++this.sent;
      const reply = await client
        .put(this.place, `${version} ${'x'.repeat(200)}`, { timeoutMs: 1_000 })
        .catch(() => undefined);
      if (reply?.code === 200) this.acknowledged = version;
    }
  }
}

test(
  `kill -9 of 3 of 3 nodes under load, ${kills} times (N=3, W=2, sync): no acknowledged put is missing`,
  async () => {
    const keys = Array.from({ length: writers }, (_, i) => new Writer(`bank.account-${i}`));
    for (let kill = 0; kill < kills; kill++) {
      const stop = new AbortController();
      const before = acknowledgedBy(keys);
      const running = keys.map((key) => key.run(stop.signal));
      // Load first, however fast the machine is; then a moment that differs from kill to kill.
      await cluster.until('every writer was acknowledged on average', 20_000, () =>
        Promise.resolve(acknowledgedBy(keys) - before >= writers),
      );
      await sleep((kill * 37) % 100);
      await cluster.killAll();
      stop.abort();
      await Promise.all(running);
      cluster.launchAll();
      await cluster.serving(3);
      for (const key of keys) {
        if (key.acknowledged === 0) continue;
        const reply = await client.get(key.place, { 'Kv-R': 2 });
        expect({ key: key.place, kill, code: reply.code, error: reply.error }).toMatchObject({
          code: 200,
        });
        const versions = versionsIn(reply.data, reply.siblings);
        expect(Math.max(...versions)).toBeGreaterThanOrEqual(key.acknowledged);
        for (const version of versions) expect(version).toBeLessThanOrEqual(key.sent);
      }
    }
  },
  30_000 + kills * 15_000,
);

function acknowledgedBy(keys: readonly Writer[]): number {
  return keys.reduce((sum, key) => sum + key.acknowledged, 0);
}

/**
 * The payload starts with a version; siblings come as one MessagePack array, in which they can be
 * found by pattern.
 */
function versionsIn(data: Uint8Array, siblings: number): number[] {
  const text = Buffer.from(data).toString('latin1');
  const found = [...text.matchAll(/(\d+) x{200}/g)].map((match) => Number(match[1]));
  expect(found).toHaveLength(siblings);
  return found;
}

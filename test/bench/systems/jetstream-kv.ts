/**
 * The peer: NATS JetStream KV with three replicas, on three clustered nats-server processes. The client connects to the
 * server that leads the bucket's stream, which saves it a hop: its best case.
 */
import { connect, StorageType } from 'nats';
import { startNatsCluster } from '../../support/nats-server.js';
import type { RunningSystem, System } from './system.js';

export const kvBucket = 'bench';

export function jetStreamKv(): System {
  return {
    name: 'jetstream-kv-r3',
    about:
      '3 nats-servers, file storage, 3 replicas, history 1; put: 2 of 3, get: any one; fsync every 2 minutes',
    w: 2,
    r: 1,
    durability: 'periodic:120000',
    async start(directory): Promise<RunningSystem> {
      const cluster = await startNatsCluster({ jetStreamDirectory: directory });
      try {
        const leader = await createBucket(cluster.urls);
        const server = cluster.servers[leader]!;
        return {
          target: { driver: 'jetstream-kv-r3', servers: [server.url], w: 2, r: 1 },
          pids: () => cluster.servers.map(({ pid }) => pid),
          stop: () => cluster.stop(),
        };
      } catch (error) {
        await cluster.stop();
        throw error;
      }
    },
  };
}

/** Index of the server that leads its stream. */
async function createBucket(urls: readonly string[]): Promise<number> {
  const connection = await connect({ servers: [...urls] });
  try {
    const options = { replicas: 3, history: 1, storage: StorageType.File };
    await connection.jetstream().views.kv(kvBucket, options);
    const manager = await connection.jetstreamManager();
    for (;;) {
      const { cluster } = await manager.streams.info(`KV_${kvBucket}`);
      const leader = /^n(\d)$/.exec(cluster?.leader ?? '');
      const current = cluster?.replicas?.every((replica) => replica.current) ?? false;
      if (leader !== null && current) return Number(leader[1]);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    await connection.close();
  }
}

/**
 * The peer: NATS JetStream KV. With three replicas on three clustered nats-server processes, the
 * client connected to the server that leads the bucket's stream, which saves it a hop; with one
 * replica on a single server: its best cases.
 */
import { connect, StorageType } from 'nats';
import { startNatsCluster, startNatsServer } from '../../support/nats-server.js';
import type { RunningSystem, System } from './system.js';

export const kvBucket = 'bench';

/**
 * What its servers are quickest with: at 100 they collect more often than they gain, at 1600 memory
 * grows to 6 GB and pauses.
 */
const env = { GOGC: '400' };

/**
 * How often nats-server syncs its files; an acknowledgement does not wait for it. Nobody counts
 * those syncs.
 */
const unknownFsyncs = (): Promise<undefined> => Promise.resolve(undefined);

/** `syncs`: before each acknowledgement; nats-server 2.10 and newer can. */
export function jetStreamKvR3({ syncs = false }: { readonly syncs?: boolean } = {}): System {
  return {
    about: `3 nats-servers, file storage, 3 replicas, history 1; put: 2 of 3, get: any one; fsync ${syncs ? 'before each ack' : 'every 2 minutes'}`,
    async start(directory): Promise<RunningSystem> {
      const cluster = await startNatsCluster({
        env,
        jetStreamDirectory: directory,
        ...(syncs && { jetStreamSettings: 'sync_interval: always' }),
      });
      try {
        await createBucket(cluster.urls, 3);
        const server = cluster.servers[await streamLeader(cluster.urls, `KV_${kvBucket}`)]!;
        return {
          servers: [server.url],
          pids: () => cluster.servers.map(({ pid }) => pid),
          fsyncs: unknownFsyncs,
          stop: () => cluster.stop(),
        };
      } catch (error) {
        await cluster.stop();
        throw error;
      }
    },
  };
}

export function jetStreamKvR1(): System {
  return {
    about: 'one nats-server, file storage, no replication, history 1; fsync every 2 minutes',
    async start(directory): Promise<RunningSystem> {
      const config = `server_name: n0\njetstream { store_dir: "${directory}" }\n`;
      const server = await startNatsServer({ env, config });
      try {
        await createBucket([server.url], 1);
        return {
          servers: [server.url],
          pids: () => [server.pid],
          fsyncs: unknownFsyncs,
          stop: () => server.stop(),
        };
      } catch (error) {
        await server.stop();
        throw error;
      }
    },
  };
}

async function createBucket(urls: readonly string[], replicas: number): Promise<void> {
  const connection = await connect({ servers: [...urls] });
  try {
    const options = { replicas, history: 1, storage: StorageType.File };
    await connection.jetstream().views.kv(kvBucket, options);
  } finally {
    await connection.close();
  }
}

/** Index of the server that leads the stream, once its replicas are up to date. */
export async function streamLeader(urls: readonly string[], stream: string): Promise<number> {
  const connection = await connect({ servers: [...urls] });
  try {
    const manager = await connection.jetstreamManager();
    for (;;) {
      const { cluster } = await manager.streams.info(stream);
      const leader = /^n(\d)$/.exec(cluster?.leader ?? '');
      const current = cluster?.replicas?.every((replica) => replica.current) ?? false;
      if (leader !== null && current) return Number(leader[1]);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    await connection.close();
  }
}

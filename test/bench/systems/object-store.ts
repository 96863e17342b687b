/** The peer for big values: NATS' object store, three replicas on three clustered nats-servers. */
import { connect, StorageType } from 'nats';
import { startNatsCluster } from '../../support/nats-server.js';
import { bigBucket } from '../big/stores.js';
import { streamLeader } from './jetstream-kv.js';
import type { RunningSystem, System } from './system.js';

/** As of the key-value store beside it. */
const env = { GOGC: '400' };

export function objectStoreR3(): System {
  return {
    about:
      '3 nats-servers, file storage, 3 replicas, chunks of 128 kB; put: 2 of 3; fsync every 2 minutes',
    async start(directory): Promise<RunningSystem> {
      const cluster = await startNatsCluster({ env, jetStreamDirectory: directory });
      try {
        const connection = await connect({ servers: [...cluster.urls] });
        const options = { replicas: 3, storage: StorageType.File };
        await connection.jetstream().views.os(bigBucket, options);
        await connection.close();
        const leader = await streamLeader(cluster.urls, `OBJ_${bigBucket}`);
        return {
          servers: [cluster.servers[leader]!.url],
          pids: () => cluster.servers.map(({ pid }) => pid),
          fsyncs: () => Promise.resolve(undefined),
          stop: () => cluster.stop(),
        };
      } catch (error) {
        await cluster.stop();
        throw error;
      }
    },
  };
}

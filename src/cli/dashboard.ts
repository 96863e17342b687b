/** A dashboard with a connection of its own. */
import { NatsBus } from '../bus/nats-bus.js';
import type { Breaking } from '../dashboard/breaking.js';
import { serveDashboard, type Dashboard } from '../dashboard/server.js';
import { UnavailableError } from '../errors.js';
import { RealClock } from '../seams/real-clock.js';
import { RealRandom } from '../seams/real-random.js';
import { shownServers } from '../client/addresses.js';
import type { NodeConnection } from './connection.js';

export interface OpenDashboardOptions {
  /** Undefined: it shows a file and no cluster. */
  readonly connection: NodeConnection | undefined;
  readonly prefix: string;
  readonly host: string;
  readonly port: number;
  readonly mayMove: boolean;
  readonly token?: string | undefined;
  readonly breaking?: Breaking | undefined;
  readonly replayFile?: string | undefined;
}

/** Throws `UnavailableError` where no NATS server is, and what the system says of the port. */
export async function openDashboard(options: OpenDashboardOptions): Promise<Dashboard> {
  const { connection, prefix, breaking, ...served } = options;
  const seams = { clock: new RealClock(), random: new RealRandom() };
  if (connection === undefined) return serveDashboard({ ...seams, ...served });
  const bus = await busOf(connection);
  const servers = shownServers(connection.servers);
  const cluster = { bus, prefix, servers, breaking };
  try {
    const dashboard = await serveDashboard({ ...seams, ...served, cluster });
    return {
      address: dashboard.address,
      close: async () => {
        await dashboard.close();
        await bus.close();
      },
    };
  } catch (error) {
    await bus.close();
    throw error;
  }
}

async function busOf(connection: NodeConnection): Promise<NatsBus> {
  try {
    return await NatsBus.connect({
      ...connection,
      name: 'quorate dashboard',
      // What this user may not do shows as silence, and what shows is said on the page.
      onError: () => undefined,
    });
  } catch (error) {
    const { message } = error as Error;
    throw new UnavailableError(`no connection to ${shownServers(connection.servers)}: ${message}`);
  }
}

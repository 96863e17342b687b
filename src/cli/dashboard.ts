/** A dashboard with a connection of its own. */
import { NatsBus } from '../bus/nats-bus.js';
import type { Breaking } from '../dashboard/breaking.js';
import { serveDashboard, type Dashboard, type DashboardOptions } from '../dashboard/server.js';
import { RealClock } from '../seams/real-clock.js';
import { RealRandom } from '../seams/real-random.js';
import { shownServers } from '../client/addresses.js';
import { MalformedError } from '../errors.js';
import { noConnection } from '../client/no-connection.js';
import { nodePasswordAdvice, serverAdvice, type NodeConnection } from './connection.js';
import { natsOptions } from './identity.js';
import { CommandError, exitCodes } from './exit-codes.js';

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

/** Throws `UnavailableError` where no NATS server is, `CommandError` where it can't listen. */
export async function openDashboard(options: OpenDashboardOptions): Promise<Dashboard> {
  const { connection, prefix, breaking, ...served } = options;
  if (connection === undefined) return serve(served);
  const bus = await busOf(connection);
  const servers = shownServers(connection.servers);
  const cluster = { bus, prefix, servers, breaking };
  try {
    const dashboard = await serve({ ...served, cluster });
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

async function serve(options: Omit<DashboardOptions, 'clock' | 'random'>): Promise<Dashboard> {
  try {
    return await serveDashboard({ clock: new RealClock(), random: new RealRandom(), ...options });
  } catch (error) {
    throw listenError(error, options) ?? error;
  }
}

/** Undefined: it is something else. */
function listenError(
  error: unknown,
  { host, port }: { readonly host: string; readonly port: number },
): CommandError | undefined {
  const { usage, unavailable } = exitCodes;
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return new CommandError(unavailable, `port ${port} of ${host} is in use: name another one`);
    case 'EACCES':
      return new CommandError(usage, `this user may not listen on port ${port} of ${host}`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new CommandError(usage, `${host} is no address of this machine`);
    default:
      return undefined;
  }
}

async function busOf(connection: NodeConnection): Promise<NatsBus> {
  try {
    return await NatsBus.connect({
      ...natsOptions(connection),
      name: 'quorate dashboard',
      // What this user may not do shows as silence, and what shows is said on the page.
      onError: () => undefined,
    });
  } catch (error) {
    if (error instanceof MalformedError) throw error;
    const advice = { server: serverAdvice, password: nodePasswordAdvice };
    throw noConnection(connection.servers, error, advice);
  }
}

/** The client's front door. */
import { NatsBus } from '../bus/nats-bus.js';
import { RealClock } from '../seams/real-clock.js';
import { RealRandom } from '../seams/real-random.js';
import { serversDefault } from './addresses.js';
import { QuorateClient, type ClientOptions } from './client.js';
import { noConnection } from './no-connection.js';

export interface ConnectOptions extends ClientOptions {
  /** NATS servers, `nats://127.0.0.1:4222` unless told; one of a NATS cluster is enough. */
  readonly servers?: string | readonly string[] | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** As NATS shows it in its list of connections. */
  readonly name?: string | undefined;
}

const advice = {
  server: 'start a server with quorate up, or say where it is with the option servers',
  password: 'user and password: the options user and password',
};

/**
 * Connects to NATS; rejects with an `UnavailableError` when no server is there, or lets nobody in
 * as this user: its `cause` is what NATS says. The cluster itself may still be starting: requests
 * wait for it up to their deadlines.
 */
export async function connect(options: ConnectOptions = {}): Promise<QuorateClient> {
  const { servers = serversDefault, user, password, name, ...clientOptions } = options;
  const bus = await NatsBus.connect({
    servers,
    name: name ?? 'quorate-client',
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
  }).catch((error: unknown) => {
    throw noConnection([servers].flat().join(','), error, advice);
  });
  try {
    return new QuorateClient(
      { bus, clock: new RealClock(), random: new RealRandom() },
      clientOptions,
    );
  } catch (error) {
    // An open connection would keep the process of whoever gave a bad option from ending.
    await bus.close();
    throw error;
  }
}

/** The client's front door. */
import { NatsBus, natsPlace, type NatsBusOptions } from '../bus/nats-bus.js';
import { SharedBus } from '../bus/shared-bus.js';
import type { ExistingConnection, NatsCredentials } from '../bus/who-one-is.js';
import { MalformedError } from '../errors.js';
import type { Bus } from '../seams/bus.js';
import { RealClock } from '../seams/real-clock.js';
import { RealRandom } from '../seams/real-random.js';
import { QuorateClient, type ClientOptions } from './client.js';
import { noConnection } from './no-connection.js';

export interface ConnectOptions extends ClientOptions, NatsCredentials {
  /** NATS servers, `nats://127.0.0.1:4222` unless told; one of a NATS cluster is enough. */
  readonly servers?: string | readonly string[] | undefined;
  /**
   * One that the program has already, in place of all that says where and who: of `nats` 2.x. It
   * stays open when the client is closed. A link of the client's own is faster.
   */
  readonly connection?: ExistingConnection | undefined;
  /** Of the `nats` command, by its name: what is told beside it goes before what it says. */
  readonly context?: string | undefined;
  /** As NATS shows it in its list of connections. */
  readonly name?: string | undefined;
}

const advice = {
  server: 'start a server with quorate up, or say where it is with the option servers',
  password: 'who one is: the options user and password, token, creds, nkey, tls, or context',
};

/**
 * Connects to NATS; rejects with an `UnavailableError` when no server is there, or lets nobody in
 * as this user: its `cause` is what NATS says; with a `MalformedError` where credentials can't be
 * used, or a file can't be read. The cluster itself may still be starting: requests wait for it up
 * to their deadlines.
 */
export async function connect(options: ConnectOptions = {}): Promise<QuorateClient> {
  const { clientOptions, ...parts } = apart(options);
  const bus = await busOf(parts);
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

interface Parts {
  readonly name: string | undefined;
  readonly connection: ExistingConnection | undefined;
  readonly place: NatsBusOptions;
}

async function busOf({ name = 'quorate-client', connection, place }: Parts): Promise<Bus> {
  if (connection !== undefined) {
    if (Object.values(place).some((one) => one !== undefined))
      throw new MalformedError('a connection that is there is told nothing of where and who');
    return new SharedBus(connection);
  }
  const { servers, ...whoAndHow } = natsPlace(place);
  return NatsBus.connect({ ...whoAndHow, servers, name }).catch((error: unknown) => {
    if (error instanceof MalformedError) throw error;
    throw noConnection([servers].flat().join(','), error, advice);
  });
}

/** What NATS is told, and what the client is. */
function apart(options: ConnectOptions): Parts & { readonly clientOptions: ClientOptions } {
  const { servers, context, name, connection, ...others } = options;
  const { user, password, token, creds, credsFile, nkey, nkeyFile, tls, ...clientOptions } = others;
  const who = { user, password, token, creds, credsFile, nkey, nkeyFile, tls };
  return { name, connection, place: { servers, context, ...who }, clientOptions };
}

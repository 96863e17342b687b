/** Where the cluster is, as every command that talks to it is told. */
import { Option, type Command } from 'commander';
import { natsConfDefault } from '../bus/nats-conf.js';
import { NatsBus } from '../bus/nats-bus.js';
import { hasCredentials, serversDefault } from '../client/addresses.js';
import { noConnection } from '../client/no-connection.js';
import { MalformedError } from '../errors.js';
import {
  addIdentityOptions,
  hasOtherIdentity,
  identityOf,
  natsOptions,
  type Identity,
} from './identity.js';
import { readNodePassword } from './node-password.js';

export interface NodeConnection extends Identity {
  readonly servers: string;
}

export interface ConnectionOptions extends NodeConnection {
  readonly prefix: string;
}

export function serversOption(): Option {
  return new Option('-s, --servers <urls>', 'NATS servers, separated by commas').env('NATS_URL');
}

export function addConnectionOptions(command: Command): Command {
  addUserOptions(command, serversOption().default(serversDefault));
  return addIdentityOptions(command, { prefix: 'NATS', usesSelected: true });
}

/** For those who mostly start the server themselves. */
export function addUserOptions(command: Command, servers: Option): Command {
  return command
    .addOption(servers)
    .addOption(new Option('--user <name>', 'NATS user').env('NATS_USER'))
    .addOption(new Option('--password <text>', 'NATS password').env('NATS_PASSWORD'))
    .option('--prefix <word>', 'first token of all subjects', 'kv');
}

/** Of the variables that say who a node is. */
export const nodeVariables = 'QUORATE_NODE';

/**
 * For those who speak to NATS as a node. The selected context is mostly that of an application,
 * and is left alone.
 */
export function addNodeConnectionOptions(command: Command): Command {
  command
    .addOption(serversOption().default(serversDefault))
    .addOption(
      new Option(
        '--user <name>',
        "NATS user of the nodes (default: that of the project's nats.conf)",
      ).env('QUORATE_NODE_USER'),
    )
    .addOption(new Option('--password <text>', 'their password').env('QUORATE_NODE_PASSWORD'));
  return addIdentityOptions(command, { prefix: nodeVariables, usesSelected: false });
}

/** Where a command has the password of the nodes from. */
export const nodePasswordAdvice =
  'their password: --password or QUORATE_NODE_PASSWORD; of quorate up: --data-dir, which has it';

/**
 * Credentials in the URL win over those of nats.conf, not over those the user gave. `upDirectory`:
 * the data directory of a `quorate up` of this machine, which keeps the password of its nodes
 * there.
 */
export function nodeConnection(
  { servers, ...given }: NodeConnection,
  upDirectory: string,
): NodeConnection {
  const { nodeUser, nodePassword } = natsConfDefault;
  const preset = { user: nodeUser, password: readNodePassword(upDirectory) ?? nodePassword };
  return {
    servers,
    ...(hasCredentials(servers) || hasOtherIdentity(given) ? {} : preset),
    ...identityOf(given),
  };
}

export const serverAdvice =
  'start a server with quorate up, or say where it is with --servers or NATS_URL';
export const passwordAdvice =
  'user and password: --user and --password, or NATS_USER and NATS_PASSWORD; or --creds, --nkey, --token-file, --tlscert, --nats-context';

/** Connects, runs, closes, whatever happens. */
export async function withBus<T>(
  options: NodeConnection,
  use: (bus: NatsBus) => Promise<T>,
  password = passwordAdvice,
): Promise<T> {
  const bus = await openBus(options, password);
  try {
    return await use(bus);
  } finally {
    await bus.close();
  }
}

async function openBus(connection: NodeConnection, advised: string): Promise<NatsBus> {
  const { servers } = connection;
  try {
    return await NatsBus.connect({ ...natsOptions(connection), name: 'quorate command' });
  } catch (error) {
    if (error instanceof MalformedError) throw error;
    throw noConnection(servers, error, { server: serverAdvice, password: advised });
  }
}

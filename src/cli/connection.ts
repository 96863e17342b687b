/** Where the cluster is, as every command that talks to it is told. */
import { Option, type Command } from 'commander';
import { natsConfDefault } from '../bus/nats-conf.js';
import { NatsBus } from '../bus/nats-bus.js';
import { hasCredentials, serversDefault } from '../client/addresses.js';
import { noConnection } from '../client/no-connection.js';
import { readNodePassword } from './node-password.js';

export interface NodeConnection {
  readonly servers: string;
  readonly user?: string;
  readonly password?: string;
}

export interface ConnectionOptions extends NodeConnection {
  readonly prefix: string;
}

export function serversOption(): Option {
  return new Option('-s, --servers <urls>', 'NATS servers, separated by commas').env('NATS_URL');
}

export function addConnectionOptions(
  command: Command,
  servers: Option = serversOption().default(serversDefault),
): Command {
  return command
    .addOption(servers)
    .addOption(new Option('--user <name>', 'NATS user').env('NATS_USER'))
    .addOption(new Option('--password <text>', 'NATS password').env('NATS_PASSWORD'))
    .option('--prefix <word>', 'first token of all subjects', 'kv');
}

/** For those who speak to NATS as a node. */
export function addNodeConnectionOptions(command: Command): Command {
  return command
    .addOption(serversOption().default(serversDefault))
    .addOption(
      new Option(
        '--user <name>',
        "NATS user of the nodes (default: that of the project's nats.conf)",
      ).env('QUORATE_NODE_USER'),
    )
    .addOption(new Option('--password <text>', 'their password').env('QUORATE_NODE_PASSWORD'));
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
  { servers, user, password }: NodeConnection,
  upDirectory: string,
): NodeConnection {
  const { nodeUser, nodePassword } = natsConfDefault;
  const preset = { user: nodeUser, password: readNodePassword(upDirectory) ?? nodePassword };
  return {
    servers,
    ...(hasCredentials(servers) ? {} : preset),
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
  };
}

export const serverAdvice =
  'start a server with quorate up, or say where it is with --servers or NATS_URL';
export const passwordAdvice =
  'user and password: --user and --password, or NATS_USER and NATS_PASSWORD';

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

async function openBus(
  { servers, user, password }: NodeConnection,
  advised: string,
): Promise<NatsBus> {
  try {
    return await NatsBus.connect({
      servers,
      name: 'quorate command',
      ...(user !== undefined && { user }),
      ...(password !== undefined && { password }),
    });
  } catch (error) {
    throw noConnection(servers, error, { server: serverAdvice, password: advised });
  }
}

/** Where the cluster is, as every command that talks to it is told. */
import { Option, type Command } from 'commander';
import { NatsBus } from '../bus/nats-bus.js';
import { UnavailableError } from '../errors.js';

export interface ConnectionOptions {
  readonly servers: string;
  readonly user?: string;
  readonly password?: string;
  readonly prefix: string;
}

export const serversDefault = 'nats://127.0.0.1:4222';

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

/** Connects, runs, closes, whatever happens. */
export async function withBus<T>(
  options: ConnectionOptions,
  use: (bus: NatsBus) => Promise<T>,
): Promise<T> {
  const bus = await openBus(options);
  try {
    return await use(bus);
  } finally {
    await bus.close();
  }
}

async function openBus({ servers, user, password }: ConnectionOptions): Promise<NatsBus> {
  try {
    return await NatsBus.connect({
      servers,
      name: 'quorate command',
      ...(user !== undefined && { user }),
      ...(password !== undefined && { password }),
    });
  } catch (error) {
    throw new UnavailableError(`no connection to ${servers}: ${(error as Error).message}`);
  }
}

/** What put, get and del have in common: the options of a request and the client that makes it. */
import type { Command } from 'commander';
import { connect } from '../client/connect.js';
import type { QuorateClient } from '../client/client.js';
import { noConnection } from '../client/no-connection.js';
import { UnavailableError } from '../errors.js';
import { natsOptions } from './identity.js';
import {
  addConnectionOptions,
  passwordAdvice,
  serverAdvice,
  type ConnectionOptions,
} from './connection.js';
import { waitTime } from './parsers.js';

export interface DataOptions extends ConnectionOptions {
  readonly strict?: true;
  readonly timeout?: number;
  readonly json?: true;
  readonly verbose?: true;
}

export function addDataOptions(command: Command): Command {
  command
    .option('--strict', 'count primaries only: no sloppy quorum')
    .option('--timeout <time>', 'deadline of the request', waitTime)
    .option('--json', 'print one JSON object')
    .option('-v, --verbose', 'say the receipt and the context too');
  return addConnectionOptions(command);
}

/** Connects, runs, closes, whatever happens. */
export async function withClient<T>(
  options: DataOptions,
  use: (client: QuorateClient) => Promise<T>,
): Promise<T> {
  const client = await openClient(options);
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

async function openClient(options: DataOptions): Promise<QuorateClient> {
  const { servers, prefix, timeout } = options;
  try {
    return await connect({
      ...natsOptions(options),
      prefix,
      timeoutMs: timeout,
      name: 'quorate command',
    });
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    // What the command advises is in its own words.
    throw noConnection(servers, error.cause, { server: serverAdvice, password: passwordAdvice });
  }
}

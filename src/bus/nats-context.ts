/**
 * Contexts of the `nats` command: a name for where a server is and who one is to it, kept in
 * `nats/context/` below the user's configuration.
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { MalformedError } from '../errors.js';
import { readSecret } from './nats-credentials.js';
import type { NatsCredentials } from './who-one-is.js';

export interface NatsContext extends NatsCredentials {
  /** Undefined: where servers are unless told. */
  readonly servers?: string | undefined;
}

/** What a context may have that can't be done here: to leave it out would be another connection. */
const beyond = ['nsc', 'socks_proxy', 'user_jwt', 'tls_first', 'windows_cert_store'] as const;

/** The one that `nats context select` chose, if any. */
export function selectedContext(): string | undefined {
  try {
    const name = readFileSync(join(directory(), 'context.txt'), 'utf8').trim();
    return name === '' ? undefined : name;
  } catch {
    return undefined;
  }
}

/** Throws `MalformedError` where there is none of that name, or one that can't be followed. */
export function readContext(name: string): NatsContext {
  if (!/^[^/\\]+$/.test(name) || name.startsWith('.'))
    throw new MalformedError(`${name} is no name of a context of nats`);
  const what = `the context ${name} of nats`;
  const fields = fieldsOf(what, readSecret(what, join(directory(), 'context', `${name}.json`)));
  const left = beyond.filter((field) => fields(field) !== undefined);
  if (left.length > 0)
    throw new MalformedError(`${what} has ${left.join(', ')}, which can't be done here`);
  const [ca, cert, key] = ['ca', 'cert', 'key'].map((field) => fileOf(fields(field)));
  const hasTls = ca !== undefined || cert !== undefined || key !== undefined;
  return {
    servers: fields('url'),
    ...identityOf(fields),
    ...(hasTls ? { tls: { caFile: ca, certFile: cert, keyFile: key } } : {}),
  };
}

/** The first it has, in the order in which the `nats` command looks. */
function identityOf(fields: (name: string) => string | undefined): NatsCredentials {
  const user = fields('user');
  if (user !== undefined) return { user, password: fields('password') };
  const creds = fileOf(fields('creds'));
  if (creds !== undefined) return { credsFile: creds };
  const nkey = fileOf(fields('nkey'));
  if (nkey !== undefined) return { nkeyFile: nkey };
  return { token: fields('token') };
}

/** What it says under a name; empty is nothing. */
function fieldsOf(what: string, text: string): (name: string) => string | undefined {
  let all: unknown;
  try {
    all = JSON.parse(text);
  } catch {
    // The reason would quote it.
    throw new MalformedError(`${what} is no JSON`);
  }
  if (typeof all !== 'object' || all === null)
    throw new MalformedError(`${what} is no JSON object`);
  const fields = new Map(Object.entries(all));
  return (name) => {
    const value: unknown = fields.get(name);
    if (value === true) return 'true';
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
}

function fileOf(path: string | undefined): string | undefined {
  return path?.replace(/^~(?=\/)/, homedir());
}

function directory(): string {
  const { XDG_CONFIG_HOME: told } = process.env;
  return join(told === undefined || told === '' ? join(homedir(), '.config') : told, 'nats');
}

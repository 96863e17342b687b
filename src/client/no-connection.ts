/** That a NATS server could not be connected to, as whoever asked for it is told. */
import { UnavailableError } from '../errors.js';
import { shownServers } from './addresses.js';

/** What to do about it. */
export interface ConnectionAdvice {
  /** Where nobody answers. */
  readonly server: string;
  /** Where the server knows no such user, or another password. */
  readonly password: string;
}

/** With the reason as its cause, which is NATS' own: a code without an address. */
export function noConnection(
  servers: string,
  cause: unknown,
  { server, password }: ConnectionAdvice,
): UnavailableError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const advice = isRefusal(cause) ? password : server;
  const error = new UnavailableError(
    `no connection to ${shownServers(servers)}: ${reason} (${advice})`,
  );
  error.cause = cause;
  return error;
}

/** The server lets nobody in as this user. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'AUTHORIZATION_VIOLATION';
}

/** What the command's exit code says. A documented interface: scripts branch on it. */
import { QuorateError } from '../errors.js';
import { DataDirectoryError } from '../node/data-directory.js';
import { NativePartError } from '../node/native-parts.js';

export const exitCodes = {
  done: 0,
  /** Something no other code names. */
  failed: 1,
  /** Wrong arguments; the wire's 400. */
  usage: 2,
  /** A condition that is not met, too many siblings, too large: 409, 413. */
  refused: 3,
  /** 404. */
  notFound: 4,
  /** No server, no quorum, overloaded: 429, 503. Nothing was stored; trying again may help. */
  unavailable: 5,
  /** The deadline passed or the quorum got lost on the way: a put or delete may show later. */
  unknown: 6,
  /** Of a node: it was removed from its cluster for good, and starting it again can't help. */
  removed: 7,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodesHelp = `
Exit codes:
  0  done
  1  failed for a reason no other code names
  2  wrong arguments, or a malformed request (400)
  3  refused: a condition is not met, too many siblings (409), too large (413)
  4  no such key (404)
  5  not done: no server, no quorum (503), overloaded (429)
  6  unknown: a put or delete may show later, a change may happen yet (503, 504)
  7  of a node: it was removed from its cluster for good; starting it again does not help`;

/** An error of the command line itself, with its exit code. */
export class CommandError extends Error {
  constructor(
    readonly exitCode: ExitCode,
    message: string,
  ) {
    super(message);
    this.name = new.target.name;
  }
}

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommandError) return error.exitCode;
  // It names a directory that this process may not have, and that won't change by itself.
  if (error instanceof DataDirectoryError) return exitCodes.usage;
  // Nor does this machine get one.
  if (error instanceof NativePartError) return exitCodes.usage;
  if (!(error instanceof QuorateError)) return exitCodes.failed;
  if (error.outcome === 'unknown') return exitCodes.unknown;
  switch (error.code) {
    case 400:
      return exitCodes.usage;
    case 404:
      return exitCodes.notFound;
    case 409:
    case 413:
      return exitCodes.refused;
    default:
      return exitCodes.unavailable;
  }
}

/** A trace file that is to be shown: looked at before anything is served. */
import { accessSync, constants, statSync, type Stats } from 'node:fs';
import { resolve } from 'node:path';
import { dashboardLimits } from '../../actors/rules/limits/dashboard.js';
import { CommandError, exitCodes } from './exit-codes.js';

/** Its whole path. Throws `CommandError`. */
export function replayFileAt(name: string): string {
  const path = resolve(name);
  const file = readableFile(path);
  const { traceFileBytesMax } = dashboardLimits;
  if (!file.isFile()) throw wrong(`${name} is no file`);
  if (file.size > traceFileBytesMax)
    throw wrong(`${name} has ${file.size} bytes, and ${traceFileBytesMax} can be shown`);
  return path;
}

function readableFile(path: string): Stats {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path);
  } catch (error) {
    throw wrong((error as Error).message);
  }
}

function wrong(why: string): CommandError {
  return new CommandError(exitCodes.usage, `--replay: ${why}`);
}

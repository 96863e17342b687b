/**
 * Whether a failed write can be explained by a full file system: LMDB reports a short write as an
 * I/O error.
 */
import { mkdirSync, statfsSync } from 'node:fs';
import { storeLimits } from '../../actors/rules/limits/store.js';

export function diskIsFull(path: string): boolean {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize < storeLimits.diskFreeBytesMin;
}

/** For this user alone: values lie in it as they are. */
export function makeOwnDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

/** Whether a failed write can be explained by a full file system: LMDB reports a short write as an I/O error. */
import { mkdirSync, statfsSync } from 'node:fs';

/** Below it LMDB's next commit (a slice of a flush and the pages above it) would not fit either. */
const spareBytesMin = 4 * 1024 * 1024;

export function diskIsFull(path: string): boolean {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize < spareBytesMin;
}

/** For this user alone: values lie in it as they are. */
export function makeOwnDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

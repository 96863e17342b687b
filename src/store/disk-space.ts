/** Whether a failed write can be explained by a full file system: LMDB reports a short write as an I/O error. */
import { statfsSync } from 'node:fs';

/** Below it LMDB's next commit (a slice of a flush and the pages above it) would not fit either. */
const spareBytesMin = 4 * 1024 * 1024;

export function diskIsFull(path: string): boolean {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize < spareBytesMin;
}

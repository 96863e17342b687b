/**
 * Waits for a cluster that lies on disk to serve. While it does not, what runs of it stays up:
 * nothing else could repair it, or have others come.
 */
import { CommandError, exitCodes } from '../exit-codes.js';
import type { Course } from './course.js';
import { numberOf } from './data-of-cluster.js';
import { isMajorityThere, recoverText } from './majority.js';

export interface ServingOptions {
  readonly course: Course;
  /** As `probe` does. */
  readonly probe: () => Promise<string | undefined>;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Resolves as `probe` does, or when it is to end. Throws `CommandError` when a new cluster does not
 * serve.
 */
export async function untilServes(options: ServingOptions): Promise<string | undefined> {
  const { course, probe, say, signal } = options;
  let isSaid = false;
  while (!signal.aborted) {
    try {
      return await probe();
    } catch (error) {
      if (signal.aborted) break;
      if (!isUnavailable(error) || course.members.length === 0) throw error;
      if (!isSaid) say(`${error.message}\n${adviceOf(course)}`);
      isSaid = true;
    }
  }
  return undefined;
}

function isUnavailable(error: unknown): error is CommandError {
  return error instanceof CommandError && error.exitCode === exitCodes.unavailable;
}

/** What is missing, and what to do about it. */
function adviceOf(course: Course): string {
  const { start, members, n = 1 } = course;
  const stays = `${start.join(', ')} stay${start.length === 1 ? 's' : ''} up, and ready is said once the cluster serves.`;
  const missing = members.filter((name) => !start.includes(name));
  if (missing.length > 0) return `${missingText(course, missing)}\n${stays}`;
  if (members.length >= n) return stays;
  const nodes = Math.max(n, ...members.map(numberOf));
  return `The cluster has ${members.length} of the ${n} nodes that each key's replicas need (N): stop, and start with --nodes ${nodes} to have new ones come.\n${stays}`;
}

function missingText({ members }: Course, missing: readonly string[]): string {
  const names = missing.join(', ');
  const back = `${names} ${missing.length === 1 ? 'is' : 'are'} missing: put back what lay there, and start again.`;
  if (isMajorityThere(members, missing))
    return `${back}\nGone for good, new and empty ones come in their stead with: --replaces ${missing.join(',')}.`;
  return `${back}\n${recoverText(missing, members)}`;
}

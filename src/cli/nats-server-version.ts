/** Which nats-server releases are known to be unsafe. The only place that says so. */

export interface ServerVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/**
 * First release of each line without known serious advisories (https://advisories.nats.io, as of
 * August 2026). 2026-16 is the one that concerns us most: with `no_auth_user`, which the project's
 * nats.conf uses on loopback, an unauthenticated peer could pass the authentication of a cluster's
 * route listener (fixed in 2.12.7 and 2.14.0). 2026-26 and its six companions were fixed in 2.12.12
 * and 2.14.3. Lines not named here are either older than all fixes or newer than the newest line
 * named.
 */
const firstSafePatches: readonly ServerVersion[] = [
  { major: 2, minor: 12, patch: 12 },
  { major: 2, minor: 14, patch: 3 },
];

/**
 * From `nats-server: v2.9.10`, `2.12.12-RC.1` or alike; undefined when there is no version in the
 * text.
 */
export function parseServerVersion(text: string): ServerVersion | undefined {
  const match = /(\d+)\.(\d+)\.(\d+)/.exec(text);
  if (match === null) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]) };
}

function formatVersion({ major, minor, patch }: ServerVersion): string {
  return `${major}.${minor}.${patch}`;
}

export function hasKnownAdvisories(version: ServerVersion): boolean {
  const sameLine = firstSafePatches.find((safe) => compareLines(safe, version) === 0);
  if (sameLine !== undefined) return version.patch < sameLine.patch;
  const newest = firstSafePatches.at(-1);
  return newest !== undefined && compareLines(version, newest) < 0;
}

/** One line for the user, or undefined when the version is fine or unknown. */
export function advisoryWarning(version: ServerVersion | undefined): string | undefined {
  if (version === undefined || !hasKnownAdvisories(version)) return undefined;
  const safe = firstSafePatches.map(formatVersion).join(' or ');
  return `nats-server ${formatVersion(version)} has known security advisories; keep it off untrusted networks or use ${safe} (or newer): https://advisories.nats.io`;
}

function compareLines(a: ServerVersion, b: ServerVersion): number {
  return a.major - b.major || a.minor - b.minor;
}

/**
 * How long the parts of a big value stay.
 *
 * An upload is open for a lease from its begin: parts come, and last the manifest, with which its
 * key refers to it. A part is *free* when nothing refers to its upload and nothing can any more:
 * the lease is over, or the upload was given up, by its author or because a put has replaced its
 * manifest, and no sibling of its key's state has that. Who takes parts and manifests refuses them
 * a margin before those who free them think the lease over: their clocks differ.
 *
 * A state without the manifest says nothing of one that is on its way here, so parts go by the
 * agreement that tombstones go by (`collection.ts`): all who may hold the key hold this state of
 * it, no hint is out, and that for a grace period, which outlasts messages under way and readers
 * who have the manifest still.
 */
import type { KeyState, Sibling } from './versions.js';
import { limits } from './limits.js';
import { beganMsOf, type UploadId } from './part-names.js';

export interface UploadTimes {
  /** Agreed wall clock. */
  readonly nowMs: number;
  readonly leaseMs: number;
}

/** Why the upload takes nothing now; undefined: it does. */
export function uploadRefusal(
  upload: UploadId,
  { nowMs, leaseMs }: UploadTimes,
): string | undefined {
  const beganMs = beganMsOf(upload);
  if (beganMs > nowMs + 2 * limits.wallSkewMsMax) return 'the upload has not begun yet';
  const marginMs = Math.min(leaseMs / 4, 2 * limits.wallSkewMsMax + limits.requestTimeoutMsMax);
  if (nowMs <= beganMs + leaseMs - marginMs) return undefined;
  return 'the upload is over: it was open for too long, begin another';
}

export function isLeaseOver(upload: UploadId, { nowMs, leaseMs }: UploadTimes): boolean {
  return nowMs > beganMsOf(upload) + leaseMs;
}

/** What the key of an upload has come to. */
export interface OwnerSeen {
  readonly state: KeyState;
  /** Of the value of a manifest. */
  readonly uploadOf: (manifest: Uint8Array) => UploadId;
}

/** All that is known here of an upload. */
export interface UploadSeen {
  readonly upload: UploadId;
  readonly owner: OwnerSeen;
  /** Its author gave it up, for longer than the grace period. */
  readonly isGivenUp: boolean;
}

/** Whether its parts may go, if all who may hold its key hold the same of it. */
export function isUnneeded(
  { upload, owner, isGivenUp }: UploadSeen,
  at: UploadTimes & { readonly graceMs: number },
): boolean {
  const { nowMs, leaseMs, graceMs } = at;
  // A manifest that nobody holds any more may be under way.
  const isOver = isGivenUp || isLeaseOver(upload, { nowMs, leaseMs: leaseMs + graceMs });
  return isOver && !refersTo(owner, upload, at);
}

/** Whether some sibling has the manifest of the upload, or had it until lately and is expired. */
export function refersTo(
  { state, uploadOf }: OwnerSeen,
  upload: UploadId,
  grace: { readonly nowMs: number; readonly graceMs: number },
): boolean {
  return state.siblings.some(
    (sibling) =>
      sibling.manifest === true &&
      sibling.value !== null &&
      uploadOf(sibling.value) === upload &&
      !wasExpired(sibling, grace),
  );
}

function wasExpired(
  { expiresAtMs }: Sibling,
  { nowMs, graceMs }: { readonly nowMs: number; readonly graceMs: number },
): boolean {
  return expiresAtMs !== 0 && expiresAtMs <= nowMs - graceMs;
}

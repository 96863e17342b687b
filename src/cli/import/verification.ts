/** Whether the target holds what the source says, key by key and byte by byte. */
import { limits } from '../../../actors/rules/limits.js';
import { importLimits } from '../../../actors/rules/limits/import.js';
import type { Clock } from '../../seams/clock.js';
import { keyOfSubject, restOfLife, type KvSource, type SourceEntry } from './source.js';
import type { ImportTarget, IsHeld } from './target.js';

export interface Verdict {
  /** Keys that are the same in both: those that exist, and those that are deleted in both. */
  equal: number;
  absent: number;
  different: number;
  /** Their names are too long to be here, or are no keys. */
  unfit: number;
  /** Written in the source since they were imported. */
  changed: number;
  /** Up to `importLimits.keysNamedMax` of those that are absent or different. */
  readonly named: string[];
}

export interface VerificationParts {
  readonly source: KvSource;
  readonly target: ImportTarget;
  readonly clock: Clock;
  readonly maxAgeMs: number;
  /** What came after this entry was not imported. */
  readonly upTo: number;
  readonly onProgress: (read: number, pending: number) => void;
}

/** Without what expires while it looks. */
export async function verify(parts: VerificationParts): Promise<Verdict> {
  const { source, target, upTo, onProgress } = parts;
  const verdict: Verdict = { equal: 0, absent: 0, different: 0, unfit: 0, changed: 0, named: [] };
  let read = 0;
  for await (const { entries, pending } of source.read(undefined)) {
    const wanted = new Map<string, SourceEntry>();
    for (const entry of entries) {
      const key = keyOfSubject(entry.subject);
      if (key === undefined || Buffer.byteLength(key) > limits.keyBytesMax) verdict.unfit++;
      else wanted.set(key, entry);
    }
    const held = await target.held([...wanted.keys()]);
    for (const [key, entry] of wanted) {
      if (entry.sequence > upTo) verdict.changed++;
      else judge(verdict, key, isAsTold(parts, entry, held.get(key)));
    }
    read += entries.length;
    onProgress(read, pending);
  }
  return verdict;
}

type Finding = 'equal' | 'absent' | 'different';

function isAsTold(
  { clock, maxAgeMs }: VerificationParts,
  entry: SourceEntry,
  isHeld: IsHeld | undefined,
): Finding | undefined {
  const { value } = entry;
  if (value === null) return isHeld === undefined ? 'equal' : 'different';
  const restMs = restOfLife(entry, maxAgeMs, clock.wallMs());
  // The clocks of both may differ: around its end a key is in one of them alone.
  if (restMs !== undefined && restMs < importLimits.lifeMsMin) return undefined;
  if (isHeld === undefined) return 'absent';
  return isHeld(value) ? 'equal' : 'different';
}

function judge(verdict: Verdict, key: string, finding: Finding | undefined): void {
  if (finding === undefined) return;
  verdict[finding]++;
  if (finding !== 'equal' && verdict.named.length < importLimits.keysNamedMax)
    verdict.named.push(key);
}

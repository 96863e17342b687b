/** A key-value bucket of NATS JetStream, as an import reads it. */

export interface SourceInfo {
  /** The stream behind the bucket; with the moment it was made it names one and no other. */
  readonly stream: string;
  readonly created: string;
  readonly lastSequence: number;
  /** How long it keeps a value, ms; 0: for ever. */
  readonly maxAgeMs: number;
  /** Values of one key that it keeps. */
  readonly history: number;
}

/** What the source says of a key at one moment; later ones of a key have higher numbers. */
export interface SourceEntry {
  readonly subject: string;
  /** Null: it was deleted or purged, or has expired. */
  readonly value: Uint8Array | null;
  readonly sequence: number;
  /** By the clock of its server, ms since 1970. */
  readonly storedMs: number;
  /** Of this entry alone, ms; infinite: it never expires, whatever the bucket says. */
  readonly ttlMs: number | undefined;
}

export interface SourceBatch {
  readonly entries: readonly SourceEntry[];
  /** Entries behind these that are there by now. */
  readonly pending: number;
}

export interface KvSource {
  info(): Promise<SourceInfo>;
  /**
   * In the order of their numbers, until there are no more. From the beginning: the last of each
   * key, and what comes meanwhile; after a number: all that have a higher one.
   */
  read(afterSequence: number | undefined): AsyncIterable<SourceBatch>;
}

const prefix = /^\$KV\.[^.]+\./;

/** Undefined: no key of a bucket, or one that is not UTF-8. */
export function keyOfSubject(subject: string): string | undefined {
  if (!prefix.test(subject) || subject.includes('\uFFFD')) return undefined;
  return subject.replace(prefix, '');
}

/** What is left of the life of an entry, ms: undefined for ever, 0 or less when it is over. */
export function restOfLife(
  entry: Pick<SourceEntry, 'storedMs' | 'ttlMs'>,
  maxAgeMs: number,
  nowMs: number,
): number | undefined {
  const { storedMs, ttlMs } = entry;
  if (ttlMs === Infinity) return undefined;
  const lifeMs = Math.min(ttlMs ?? Infinity, maxAgeMs === 0 ? Infinity : maxAgeMs);
  return lifeMs === Infinity ? undefined : Math.floor(storedMs + lifeMs - nowMs);
}

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * The header `Nats-TTL`, in ms: seconds, a duration as Go writes it (`1h30m`), or `never`, which is
 * infinite. Undefined: none, or nothing that a server would take.
 */
export function ttlMsOfHeader(text: string): number | undefined {
  if (text === 'never') return Infinity;
  if (/^\d+$/.test(text)) return Number(text) * 1_000 || undefined;
  if (!/^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let ms = 0;
  for (const [, number, unit = ''] of text.matchAll(/([\d.]+)([a-zµ]+)/g))
    ms += Number(number) * (unitMs[unit] ?? 0);
  return ms > 0 ? ms : undefined;
}

/**
 * A big value on its way out: its parts in order, a few fetched ahead of whoever reads, and at the
 * end the word that all of it is what was put.
 */
import { createHash } from 'node:crypto';
import { clientLimits } from '../../actors/rules/limits/client.js';
import { DigestError, UnavailableError } from '../errors.js';
import type { Patience } from './patience.js';
import type { Progress } from './upload.js';

/** What a manifest says of its value. */
export interface BigValue {
  /** Bytes. */
  readonly size: number;
  readonly partBytes: number;
  /** SHA-256 of all of it. */
  readonly sha256: Uint8Array;
  /** Names the upload its parts belong to. */
  readonly upload: string;
}

/** The cluster, as one download sees it. Undefined: that part is not there. */
export type PartReader = (index: number) => Promise<Uint8Array | undefined>;

export interface DownloadOptions {
  /** Of bytes, the last one not included. */
  readonly from: number;
  readonly end: number;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface DownloadParts {
  readonly read: PartReader;
  readonly patience: Patience;
  /** A part is not there: why, as the error that ends the stream. */
  readonly why: (index: number) => Promise<Error>;
}

/**
 * The bytes of `value` from `from` on, piece by piece. To read all of it checks its SHA-256 before
 * it ends; a range has none. Leaving the loop stops what is fetched ahead.
 */
export async function* download(
  value: BigValue,
  { read, patience, why }: DownloadParts,
  { from, end, onProgress, signal }: DownloadOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { partBytes, size } = value;
  const hash = from === 0 && end === size ? createHash('sha256') : undefined;
  const lastIndex = Math.ceil(end / partBytes) - 1;
  const fetch = async (index: number): Promise<Uint8Array> => {
    const bytes = await patience.with(() => read(index));
    if (bytes === undefined) throw await why(index);
    const bytesDue = Math.min(partBytes, size - index * partBytes);
    if (bytes.length !== bytesDue)
      throw new UnavailableError(
        `part ${index} of the value has ${bytes.length} bytes instead of ${bytesDue}`,
      );
    return bytes;
  };
  let next = Math.floor(from / partBytes);
  const ahead: Promise<Uint8Array>[] = [];
  for (let at = from; at < end;) {
    while (next <= lastIndex && ahead.length < clientLimits.partsAheadMax) {
      const part = fetch(next++);
      // It is looked at when its turn comes.
      part.catch(() => undefined);
      ahead.push(part);
    }
    signal?.throwIfAborted();
    const part = await ahead.shift()!;
    const partStart = at - (at % partBytes);
    const bytes = part.subarray(at - partStart, Math.min(part.length, end - partStart));
    hash?.update(bytes);
    at += bytes.length;
    if (at === end && hash !== undefined && !hash.digest().equals(value.sha256))
      throw new DigestError();
    yield bytes;
    onProgress?.({ bytes: at - from, size: end - from });
  }
}

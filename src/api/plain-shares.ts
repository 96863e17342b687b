/**
 * Answers to plain gets that want, or get, less than the whole: of a big value a range, or what it
 * is; of a small one a range too; of siblings one.
 *
 * A range is answered by as much of it as fits a message, and says which. Several ranges are of one
 * value if their digests are the same: in between it may have been put anew.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import { partLimits } from '../../actors/rules/limits/parts.js';
import { Coordinator, type GetReply, type GetRequest } from '../coordinator/coordinator.js';
import { MalformedError, NotFoundError, UnavailableError, type QuorateError } from '../errors.js';
import { asBuffer } from '../wire/as-buffer.js';
import { decodeManifest, type Manifest } from '../wire/manifest.js';
import { encode, type WireValue } from '../wire/message-pack.js';
import { headerNames } from '../wire/subjects.js';
import { digestText, manifestHeaders, type ShareDemand } from '../wire/upload-headers.js';
import { readParts } from './part-reads.js';
import { TakingTurns } from './taking-turns.js';

type Shown = Extract<GetReply, { ok: true }>;

export interface Share {
  readonly payload: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

@scoped(Lifecycle.ContainerScoped)
export class PlainShares {
  private readonly turns = new TakingTurns(
    { atOnceMax: partLimits.rangesMax, waitingMax: partLimits.rangesWaitingMax },
    'ranges of big values',
  );

  constructor(@inject(Coordinator) private readonly coordinator: Coordinator) {}

  /** `bytesMax`: what an answer may have. Calls `done` once, now or later. */
  of(
    reply: Shown,
    demand: ShareDemand,
    asked: { readonly get: GetRequest; readonly bytesMax: number },
    done: (share: Share | QuorateError) => void,
  ): void {
    const { values, manifests = [] } = reply;
    const at = demand.sibling ?? (values.length === 1 ? 0 : undefined);
    if (at === undefined) {
      if (demand.range === undefined) return done({ payload: allOf(reply), headers: {} });
      const text = `the key has ${values.length} siblings: pick one by ${headerNames.sibling}`;
      return done(new MalformedError(text));
    }
    if (at >= values.length)
      return done(new MalformedError(`${headerNames.sibling} is below ${values.length}`));
    const value = values[at]!;
    if (value === null) return done(new NotFoundError('this sibling is a delete'));
    if (manifests.includes(at)) return this.ofBig(value, demand, asked, done);
    done(ofSmall(value, demand, asked.bytesMax));
  }

  private ofBig(
    value: Uint8Array,
    demand: ShareDemand,
    asked: { readonly get: GetRequest; readonly bytesMax: number },
    done: (share: Share | QuorateError) => void,
  ): void {
    // The state it lies in is lent for a turn.
    const manifest = decodeManifest(Buffer.from(value));
    const headers = manifestHeaders(manifest);
    if (demand.range === undefined) return done({ payload: nothing, headers });
    const range = cutTo(demand.range, manifest.size, asked.bytesMax);
    if (range instanceof MalformedError) return done(range);
    const refusal = this.turns.take((ended) =>
      this.read(manifest, range, asked.get, (payload) => {
        ended();
        if (!Buffer.isBuffer(payload)) return done(payload);
        done({ payload, headers: { ...headers, ...rangeHeaders(range, manifest.size) } });
      }),
    );
    if (refusal !== undefined) done(refusal);
  }

  private read(
    { upload, partBytes }: Manifest,
    { first, last }: Range,
    get: GetRequest,
    done: (bytes: Buffer | QuorateError) => void,
  ): void {
    const bytes = Buffer.allocUnsafe(last - first + 1);
    const parts = { first: Math.floor(first / partBytes), end: Math.floor(last / partBytes) + 1 };
    readParts(
      this.coordinator,
      { ...get, ...parts, upload },
      {
        onPart: (index, part) => {
          const startsAt = index * partBytes;
          const share = part.subarray(Math.max(0, first - startsAt), last + 1 - startsAt);
          bytes.set(share, Math.max(0, startsAt - first));
          return undefined;
        },
        onEnd: (error) =>
          done(error === undefined ? bytes : error.code === 404 ? goneMeanwhile() : error),
      },
    );
  }
}

const nothing = Buffer.alloc(0);

/** First and last byte. */
interface Range {
  readonly first: number;
  readonly last: number;
}

function goneMeanwhile(): UnavailableError {
  return new UnavailableError('a part of the value is gone: it was put anew, get it again');
}

/** One value, or all of those in conflict; big ones as their size and digest. */
export function allOf({ values, manifests = [] }: Pick<Shown, 'values' | 'manifests'>): Buffer {
  const told = (value: Uint8Array | null, i: number): WireValue => {
    if (value === null || !manifests.includes(i)) return value;
    const { size, sha256 } = decodeManifest(asBuffer(value));
    return [size, digestText(sha256)];
  };
  return encode(values.map(told));
}

function ofSmall(
  value: Uint8Array,
  { range: wanted }: ShareDemand,
  bytesMax: number,
): Share | QuorateError {
  if (wanted === undefined) return { payload: value, headers: {} };
  const range = cutTo(wanted, value.length, bytesMax);
  if (range instanceof MalformedError) return range;
  const payload = value.subarray(range.first, range.last + 1);
  const size = { [headerNames.size]: String(value.length) };
  return { payload, headers: { ...size, ...rangeHeaders(range, value.length) } };
}

function cutTo(wanted: Range, size: number, bytesMax: number): Range | MalformedError {
  const { first } = wanted;
  if (first >= size) return new MalformedError(`${headerNames.range}: the value has ${size} bytes`);
  const longest = Math.min(partLimits.partBytesMax, bytesMax - partLimits.shareHeadersBytesMax);
  return { first, last: Math.min(wanted.last, size - 1, first + longest - 1) };
}

function rangeHeaders({ first, last }: Range, size: number): Record<string, string> {
  return { [headerNames.contentRange]: `bytes ${first}-${last}/${size}` };
}

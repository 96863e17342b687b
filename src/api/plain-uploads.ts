/**
 * Big values of plain clients, put in parts: an upload begins at any node, its parts and its commit
 * may go to others. What there is of it lies in its id and in the parts alone, so no node keeps
 * anything of an upload.
 *
 * A commit reads all parts, by a quorum as a get does: it knows their sizes and the digest of the
 * whole before the manifest is put, and nothing that is missing or broken ever shows.
 */
import { createHash, type Hash } from 'node:crypto';
import { inject, Lifecycle, scoped } from 'tsyringe';
import { partLimits } from '../../actors/rules/limits/parts.js';
import { uploadRefusal } from '../../actors/rules/parts.js';
import { quorumFor } from '../../actors/rules/quorum.js';
import { Buckets } from '../buckets/buckets.js';
import { Coordinator, type PutRequest } from '../coordinator/coordinator.js';
import {
  DeadlineError,
  MalformedError,
  NotFoundError,
  TooLargeError,
  UploadError,
  type QuorateError,
} from '../errors.js';
import { NodeOptions } from '../options/node-options.js';
import { Clock } from '../seams/clock.js';
import { Random } from '../seams/random.js';
import { encodeManifest } from '../wire/manifest.js';
import {
  givenUpIndex,
  partBucket,
  partKey,
  uploadOf,
  uploadRandomBytes,
  uploadText,
} from '../wire/part-names.js';
import { headerNames } from '../wire/subjects.js';
import type { UploadDemand } from '../wire/upload-headers.js';
import { readParts } from './part-reads.js';
import { TakingTurns } from './taking-turns.js';

type Commit = Extract<UploadDemand, { kind: 'commit' }>;

@scoped(Lifecycle.ContainerScoped)
export class PlainUploads {
  private readonly checks = new TakingTurns(
    { atOnceMax: partLimits.checksMax, waitingMax: partLimits.checksWaitingMax },
    'uploads to be checked',
  );

  constructor(
    @inject(Coordinator) private readonly coordinator: Coordinator,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(Clock) private readonly clock: Clock,
    @inject(Random) private readonly random: Random,
    @inject(NodeOptions) private readonly options: NodeOptions,
  ) {}

  /** The headers of the answer. Throws `TooLargeError`. */
  begin(bucket: string, size: number | undefined): Record<string, string> {
    const { valueBytesMax } = this.buckets.of(bucket);
    if (size !== undefined && size > valueBytesMax)
      throw new TooLargeError(`a value of this bucket has at most ${valueBytesMax} bytes`);
    const random = this.random.bytes(uploadRandomBytes).toString('latin1');
    return {
      [headerNames.upload]: uploadText(uploadOf(this.clock.wallMs(), random)),
      [headerNames.partSize]: String(partLimits.partBytesMax),
    };
  }

  /**
   * Gives what the request comes to on: of a part at once, of a commit when all was checked. The
   * request's own `onReply` is told what is refused. Throws `MalformedError` and `UploadError`.
   */
  put(
    demand: Exclude<UploadDemand, { kind: 'begin' }>,
    request: PutRequest,
    on: (request: PutRequest) => void,
  ): void {
    if (demand.kind === 'commit') return this.commit(demand, request, on);
    const { context, ttlMs, onlyIf, ...rest } = request;
    if (context !== undefined || ttlMs !== 0 || onlyIf !== undefined)
      throw new MalformedError(
        `${headerNames.context}, ${headerNames.ttl} and ${headerNames.onlyIf} go with ${headerNames.commit}`,
      );
    const index = demand.kind === 'part' ? demand.index : givenUpIndex;
    const value = demand.kind === 'part' ? request.value : nothing;
    const key = partKey(request.key, demand.upload, index);
    const bucket = partBucket(request.bucket);
    on({ ...rest, bucket, key, value, context: undefined, ttlMs: 0 });
  }

  private commit(demand: Commit, request: PutRequest, on: (request: PutRequest) => void): void {
    if (request.value !== null && request.value.length > 0)
      throw new MalformedError(`${headerNames.commit} has no payload`);
    const times = { nowMs: this.clock.wallMs(), leaseMs: this.options.uploadLeaseMs };
    const text = uploadRefusal(demand.upload, times);
    if (text !== undefined) throw new UploadError(text);
    const refusal = this.checks.take((ended) =>
      this.check(demand, request, (checked) => {
        ended();
        if (Buffer.isBuffer(checked)) on({ ...request, value: checked, isManifest: true });
        else request.onReply({ ok: false, error: checked });
      }),
    );
    if (refusal !== undefined) throw refusal;
  }

  private check(
    demand: Commit,
    request: PutRequest,
    done: (checked: Buffer | QuorateError) => void,
  ): void {
    const { bucket, key, partition, strict, deadlineMs } = request;
    const { upload, parts } = demand;
    const { r } = this.buckets.of(bucket);
    const quorum = quorumFor(r, r, strict);
    const seen = new PartsSeen(parts);
    const end = partKey(key, upload, givenUpIndex);
    const asked = { bucket, key, partition, quorum, strict, deadlineMs, upload };
    const checkAll = (): void =>
      readParts(
        this.coordinator,
        { ...asked, first: 0, end: parts },
        {
          onPart: (index, bytes) => seen.add(index, bytes),
          onEnd: (error) =>
            done(error === undefined ? seen.manifestFor(demand) : asCommitError(error, seen)),
        },
      );
    // An upload that was given up is none, whatever of it is there still.
    this.coordinator.get({
      partition,
      quorum,
      strict,
      deadlineMs,
      bucket: partBucket(bucket),
      key: end,
      onReply: (reply) => {
        if (reply.ok) done(new UploadError('the upload was given up'));
        else if (reply.error.code === 404) checkAll();
        else done(asCommitError(reply.error, seen));
      },
    });
  }
}

const nothing = Buffer.alloc(0);

/** Of the parts read so far: how large they are, and what they come to. */
class PartsSeen {
  private readonly hash: Hash = createHash('sha256');
  private partBytes = 1;
  private size = 0;
  next = 0;

  constructor(private readonly parts: number) {}

  add(index: number, bytes: Uint8Array): QuorateError | undefined {
    this.next = index + 1;
    if (index === 0) this.partBytes = bytes.length;
    const isLast = this.next === this.parts;
    const fits = isLast ? bytes.length <= this.partBytes : bytes.length === this.partBytes;
    if (bytes.length === 0 || !fits)
      return new MalformedError(
        `part ${index} has ${bytes.length} bytes: all but the last have as many as the first, ${this.partBytes}`,
      );
    this.size += bytes.length;
    this.hash.update(bytes);
    return undefined;
  }

  manifestFor({ upload, size, sha256 }: Commit): Buffer | QuorateError {
    if (size !== undefined && size !== this.size)
      return new MalformedError(`the parts have ${this.size} bytes, not ${size}`);
    const found = this.hash.digest();
    if (sha256 !== undefined && !found.equals(sha256))
      return new MalformedError('the parts have another digest: something was lost on the way');
    const { partBytes } = this;
    return encodeManifest({ size: this.size, partBytes, sha256: found, upload });
  }
}

/** Nothing was put: none of them is uncertain. */
function asCommitError(error: QuorateError, { next }: PartsSeen): QuorateError {
  if (error instanceof NotFoundError) return new UploadError(`part ${next} is not there`);
  if (error.code !== 504) return error;
  const text = `its parts could not be read in time: give it more by ${headerNames.timeout}`;
  return new DeadlineError(text, 'none');
}

/**
 * Values of any size of one bucket, as streams. What fits a message is put and read as any other
 * value; what does not is stored in parts beside its key, which then holds a manifest.
 */
import { createHash } from 'node:crypto';
import type { ByteString } from '../../actors/rules/key.js';
import { partLimits } from '../../actors/rules/limits/parts.js';
import {
  MalformedError,
  NotFoundError,
  QuorateError,
  ReplacedError,
  UnavailableError,
} from '../errors.js';
import type { Manifest } from '../wire/manifest.js';
import { partKey } from '../wire/part-names.js';
import { digestText } from './big-entry.js';
import { BigRead } from './big-read.js';
import { answerTo, type Answer, type BucketClient } from './bucket-client.js';
import { seenOf, type GetOptions, type PutOptions } from './bucket-options.js';
import { piecesOf, type ByteSource } from './byte-source.js';
import { download } from './download.js';
import { ConflictError, type Entry } from './entry.js';
import { PartCutter } from './part-cutter.js';
import { Patience } from './patience.js';
import type { Terms } from './request.js';
import { ClusterDoor } from './upload-door.js';
import { Upload, type Progress, type UploadPosition } from './upload.js';

export interface PutStreamOptions extends Omit<PutOptions, 'operation' | 'trace'> {
  /** Bytes the source will give, where that is known: for `onProgress`. */
  readonly size?: number | undefined;
  /** Told with each part that is stored. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /**
   * Told as more is stored: what `resume` takes, for who may end before there is an error to say
   * it. With `keep`; without it a failure frees what was stored.
   */
  readonly onPosition?: ((position: UploadPosition) => void) | undefined;
  /** Ends it, and frees what was stored. */
  readonly signal?: AbortSignal | undefined;
  /**
   * When it fails, what was stored stays for 6 h (nodes: `--upload-lease`), and the error is an
   * `UnfinishedUploadError` whose `position` is to be given as `resume`.
   */
  readonly keep?: boolean | undefined;
  /** Goes on where an earlier one was; the source has to give the same bytes from the start. */
  readonly resume?: UploadPosition | undefined;
}

export interface ByteRange {
  readonly from?: number | undefined;
  readonly end?: number | undefined;
}

export interface GetStreamOptions extends Omit<GetOptions, 'trace'> {
  /** Bytes from `from` (0 unless told) up to `end` (the size unless told), which is not in it. */
  readonly range?: ByteRange | undefined;
  /** Where there are several values: which of `entry.siblings`, from 0. */
  readonly sibling?: number | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An upload that failed and was kept: what it failed with is its `cause`. */
export class UnfinishedUploadError extends QuorateError {
  constructor(
    cause: unknown,
    /** For the option `resume` of another `putStream` of the same bytes. */
    readonly position: UploadPosition,
  ) {
    const { code, message, outcome } = cause instanceof QuorateError ? cause : unavailable(cause);
    super(code, `${message}; ${position.parts} parts are stored, and can be resumed`, outcome);
    this.cause = cause;
  }
}

function unavailable(cause: unknown): QuorateError {
  return new UnavailableError(cause instanceof Error ? cause.message : String(cause));
}

/** The bucket whose values they are. */
export interface BigValueOwner {
  readonly name: string;
  readonly client: BucketClient;
  /** `of`: of its values, of their parts, or of the mark that gives parts up. */
  termsOf(
    kind: Terms['kind'],
    options: PutOptions & GetOptions,
    of: 'values' | 'parts' | 'ends',
  ): Terms;
  /** Of what is put; 0: the bucket's. */
  ttlMs(options: PutOptions): number;
  read(key: ByteString, options: GetOptions): Promise<Entry<unknown>>;
}

/** What a read is of. */
interface Found {
  readonly key: ByteString;
  readonly entry: Entry<unknown>;
  readonly manifest: Manifest;
  readonly options: GetStreamOptions;
}

const partBytes = partLimits.partBytesMax;
const nothing = new Uint8Array(0);

export class BigValues {
  constructor(private readonly owner: BigValueOwner) {}

  /** As `Bucket.putStream`. */
  async put(key: ByteString, source: ByteSource, options: PutStreamOptions): Promise<Answer> {
    const { signal, resume } = options;
    const door = this.doorTo(key, options);
    const pieces = piecesOf(source);
    const cutter = new PartCutter(pieces, partBytes);
    const patience = new Patience(this.owner.client.clock, signal);
    const upload = new Upload(door, cutter, patience, options);
    try {
      if (resume !== undefined) return await upload.run([]);
      const first = await cutter.next();
      const second = first?.bytes.length === partBytes ? await cutter.next() : undefined;
      if (first !== undefined && second !== undefined) return await upload.run([first, second]);
      return await this.putWhole(key, first?.bytes ?? nothing, options);
    } catch (error) {
      throw await endOf(upload, options, error);
    } finally {
      pieces.end();
    }
  }

  /** As `Bucket.getStream`. */
  async open(key: ByteString, options: GetStreamOptions): Promise<BigRead | undefined> {
    const entry = await this.owner.read(key, options);
    if (!entry.exists) return undefined;
    const at = chosenOf(entry, options.sibling);
    const manifest = entry.manifestOf(at);
    if (manifest !== undefined) return this.opened({ key, entry, manifest, options });
    const bytes = entry.siblingAt(at)!;
    const range = rangeOf(options, bytes.length);
    const digest = digestText(createHash('sha256').update(bytes).digest());
    const pieces = () => lonePiece(bytes.subarray(range.from, range.end), options);
    return new BigRead({ ...range, size: bytes.length, digest, ...told(entry), pieces });
  }

  private doorTo(key: ByteString, options: PutStreamOptions): ClusterDoor {
    const { owner } = this;
    return new ClusterDoor({
      client: owner.client,
      bucket: owner.name,
      key,
      terms: owner.termsOf('put', options, 'values'),
      partTerms: owner.termsOf('put', options, 'parts'),
      endTerms: owner.termsOf('put', options, 'ends'),
      ...seenOf(options, { isDelete: false }),
      ttlMs: owner.ttlMs(options),
      size: options.size,
    });
  }

  /** What fits a message is a value as others are. */
  private async putWhole(
    key: ByteString,
    value: Uint8Array,
    options: PutStreamOptions,
  ): Promise<Answer> {
    const answer = await answerTo(this.owner.client, {
      terms: this.owner.termsOf('put', options, 'values'),
      key,
      value,
      ...seenOf(options, { isDelete: false }),
      operation: this.owner.client.nextOperation(),
      isNamed: false,
      ttlMs: this.owner.ttlMs(options),
    });
    options.onProgress?.({ bytes: value.length, size: value.length });
    return answer;
  }

  private opened(found: Found): BigRead {
    const { key, entry, manifest, options } = found;
    const { size, upload, sha256 } = manifest;
    const { signal, onProgress } = options;
    const range = rangeOf(options, size);
    const patience = new Patience(this.owner.client.clock, signal);
    const parts = {
      read: (index: number) => this.part(partKey(key, upload, index), options),
      patience,
      why: (index: number) => patience.with(() => this.whyGone(found, index)),
    };
    const pieces = () => download(manifest, parts, { ...range, onProgress, signal });
    return new BigRead({ ...range, size, digest: digestText(sha256), ...told(entry), pieces });
  }

  /**
   * A part never changes: whoever has it has the right one. Where the one that is asked has none, a
   * quorum is asked.
   */
  private async part(
    key: ByteString,
    { timeoutMs, r }: GetStreamOptions,
  ): Promise<Uint8Array | undefined> {
    const { client } = this.owner;
    const of = (terms: Terms) => ({ terms, key, value: null, ...ofGet });
    const any = this.owner.termsOf('get', { timeoutMs, r: 1 }, 'parts');
    const found = valueIn(await answerTo(client, of(any)));
    if (found !== undefined) return found;
    const quorum = this.owner.termsOf('get', { timeoutMs, r }, 'parts');
    return valueIn(await answerTo(client, of(quorum), { coordinated: true }));
  }

  /** Of a part that nobody has. */
  private async whyGone({ key, manifest, options }: Found, index: number): Promise<Error> {
    const entry = await this.owner.read(key, options);
    for (let at = 0; at < entry.siblingCount; at++)
      if (entry.manifestOf(at)?.upload === manifest.upload)
        return new UnavailableError(`part ${index} of the value is not to be had: try again later`);
    return new ReplacedError();
  }
}

const ofGet = {
  context: undefined,
  onlyIf: undefined,
  operation: '',
  isNamed: false,
  ttlMs: 0,
} as const;

function told({ context, receipt }: Entry<unknown>): Pick<Entry<unknown>, 'context' | 'receipt'> {
  return { context, receipt };
}

/** A part may have been stored twice; both are the same. */
function valueIn({ values }: Answer): Uint8Array | undefined {
  return values.find((value) => value !== null) ?? undefined;
}

async function endOf(
  upload: Upload<Answer>,
  { keep }: PutStreamOptions,
  error: unknown,
): Promise<unknown> {
  if (keep !== true) {
    await upload.abort();
    return error;
  }
  const position = await upload.position();
  return position === undefined ? error : new UnfinishedUploadError(error, position);
}

/** Throws where there are several and none was chosen, and where what was chosen is not there. */
function chosenOf(entry: Entry<unknown>, sibling: number | undefined): number {
  if (sibling === undefined) {
    if (entry.valueCount > 1) throw new ConflictError(entry);
    for (let at = 0; at < entry.siblingCount; at++) if (entry.isValue(at)) return at;
  } else if (entry.isValue(sibling)) return sibling;
  throw new NotFoundError(`no value ${sibling}: there are ${entry.siblingCount} siblings`);
}

function rangeOf(
  { range }: GetStreamOptions,
  size: number,
): { readonly from: number; readonly end: number } {
  const from = range?.from ?? 0;
  const end = Math.min(range?.end ?? size, size);
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(end) || from < 0 || from > end)
    throw new MalformedError(`a range lies within the ${size} bytes of the value`);
  return { from, end };
}

async function* lonePiece(
  bytes: Uint8Array,
  { onProgress, signal }: GetStreamOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  signal?.throwIfAborted();
  if (bytes.length > 0) yield bytes;
  onProgress?.({ bytes: bytes.length, size: bytes.length });
}

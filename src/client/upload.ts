/**
 * A big value on its way in: read from its source, cut into parts, stored part by part with a few
 * under way at once, and shown by its manifest, which comes last. The source is read no faster
 * than parts are stored.
 */
import { createHash } from 'node:crypto';
import { clientLimits } from '../../actors/rules/limits/client.js';
import { MalformedError } from '../errors.js';
import type { Part, PartCutter } from './part-cutter.js';
import type { Patience } from './patience.js';

/** What is known of a value when its parts are all there. */
export interface UploadedValue {
  readonly upload: string;
  readonly parts: number;
  readonly size: number;
  readonly sha256: Buffer;
}

/** The cluster, as one upload sees it. `Done`: what its author is told. */
export interface UploadDoor<Done> {
  /** Names it. */
  begin(): Promise<string>;
  /** Resolves when enough nodes have the part; may be asked for more than once. */
  putPart(upload: string, index: number, bytes: Uint8Array): Promise<void>;
  /** Makes it the value of its key. */
  commit(value: UploadedValue): Promise<Done>;
  /** Frees what was stored. */
  abort(upload: string): Promise<void>;
}

/** How far a value is. */
export interface Progress {
  /** Stored, or handed over, so far. */
  readonly bytes: number;
  /** Of the whole; undefined while nobody knows. */
  readonly size: number | undefined;
}

/** Where an upload is, or was when it failed; for the option `resume` of `putStream`. Opaque. */
export interface UploadPosition {
  readonly upload: string;
  /** So many parts are stored, from the first. */
  readonly parts: number;
  /** SHA-256 of them, base64url: the source must give the same again. */
  readonly digest: string;
}

export interface UploadOptions {
  readonly resume?: UploadPosition | undefined;
  /** Bytes the source will give, where that is known: for `onProgress`. */
  readonly size?: number | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly onPosition?: ((position: UploadPosition) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export class Upload<Done> {
  private upload = '';
  /** Bytes and parts read, in order. */
  private size = 0;
  private parts = 0;
  private storedBytes = 0;
  /** Of the position that was told last. */
  private toldParts: number;
  private readonly hash = createHash('sha256');
  private readonly underWay = new Map<number, Promise<void>>();
  /** Of each part that was read and is not known to be stored, what comes before it. */
  private readonly before = new Map<number, Buffer>();
  /** The first; and whoever waits for something else is told. */
  private failure: { readonly error: unknown } | undefined;
  private onFailure: ((error: unknown) => void) | undefined;
  private isCommitted = false;
  /** The source has given what is stored already. */
  private isResumed = false;

  constructor(
    private readonly door: UploadDoor<Done>,
    private readonly cutter: PartCutter,
    private readonly patience: Patience,
    private readonly options: UploadOptions,
  ) {
    this.toldParts = options.resume?.parts ?? 0;
  }

  /** `first`: what the source gave already. Rejects with the first failure. */
  async run(first: readonly Part[]): Promise<Done> {
    const { signal } = this.options;
    const onAbort = (): void => this.fail(signal!.reason);
    signal?.throwIfAborted();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await this.store(first);
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Where it is, once what is under way is known to be stored or not. */
  async position(): Promise<UploadPosition | undefined> {
    await Promise.allSettled(this.underWay.values());
    const { resume } = this.options;
    // What was read instead of what is stored must not be taken for it the next time.
    if (resume !== undefined && !this.isResumed) return resume;
    return this.upload === '' ? undefined : this.positionOf(this.partsStored());
  }

  /** From the first, without a gap. */
  private partsStored(): number {
    return Math.min(this.parts, ...this.before.keys());
  }

  private positionOf(parts: number): UploadPosition {
    const digest = this.before.get(parts) ?? this.hash.copy().digest();
    return { upload: this.upload, parts, digest: digest.toString('base64url') };
  }

  /** Frees what was stored, unless it may be somebody's value by now. */
  async abort(): Promise<void> {
    await Promise.allSettled(this.underWay.values());
    if (this.upload !== '' && !this.isCommitted) await this.door.abort(this.upload);
  }

  private async store(first: readonly Part[]): Promise<Done> {
    const { resume } = this.options;
    this.upload =
      resume?.upload ?? (await this.orFailure(this.patience.with(() => this.door.begin())));
    for (const part of first) await this.take(part);
    for (;;) {
      const part = await this.orFailure(this.cutter.next());
      if (part === undefined) break;
      await this.take(part);
    }
    await this.orFailure(Promise.all(this.underWay.values()));
    const { upload, parts, size, hash } = this;
    if (resume !== undefined && parts <= resume.parts) this.checkResumed(resume);
    const value = { upload, parts, size, sha256: hash.copy().digest() };
    this.isCommitted = true;
    return this.patience.with(() => this.door.commit(value));
  }

  private async take(part: Part): Promise<void> {
    const index = this.parts;
    const { resume } = this.options;
    if (resume !== undefined && index < resume.parts) {
      this.count(part);
      this.stored(part);
      return;
    }
    while (this.underWay.size >= clientLimits.partsUnderWayMax)
      await this.orFailure(Promise.race(this.underWay.values()));
    if (resume?.parts === index) this.checkResumed(resume);
    this.before.set(index, this.hash.copy().digest());
    this.underWay.set(index, this.send(part, index));
    this.count(part);
  }

  private count({ bytes }: Part): void {
    this.hash.update(bytes);
    this.size += bytes.length;
    this.parts++;
  }

  private async send(part: Part, index: number): Promise<void> {
    const { upload, door } = this;
    try {
      await this.patience.with(() => door.putPart(upload, index, part.bytes));
      this.before.delete(index);
      this.stored(part);
    } catch (error) {
      this.fail(error);
    } finally {
      this.underWay.delete(index);
    }
  }

  private stored(part: Part): void {
    this.storedBytes += part.bytes.length;
    this.cutter.giveBack(part);
    const { onProgress, onPosition, size } = this.options;
    onProgress?.({ bytes: this.storedBytes, size });
    if (onPosition === undefined) return;
    const parts = this.partsStored();
    if (parts <= this.toldParts) return;
    this.toldParts = parts;
    onPosition(this.positionOf(parts));
  }

  /** At the end of what is stored already: the source has given the same up to here. */
  private checkResumed({ parts, digest }: UploadPosition): void {
    this.isResumed = this.parts === parts && this.hash.copy().digest('base64url') === digest;
    if (this.isResumed) return;
    throw new MalformedError('resume: the source does not begin with what is stored: put it anew');
  }

  private fail(error: unknown): void {
    this.failure ??= { error };
    this.onFailure?.(error);
  }

  /**
   * A source that gives nothing must not hide that a part has failed. No `Promise.race` with a
   * promise that lives as long as the upload: it would keep all that the others gave.
   */
  private orFailure<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.onFailure = reject;
      promise.then(resolve, reject);
      if (this.failure !== undefined) reject(this.failure.error);
    });
  }
}

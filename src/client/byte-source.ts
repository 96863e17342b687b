/**
 * Where the bytes of a big value come from: streams of browsers and of Node, generators, files. It
 * is asked for a piece only when there is room for one, so a source that can wait does.
 */
import { MalformedError } from '../errors.js';

/** What of a web stream is used: browsers' and Node's own both have it. */
export interface WebByteStream {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
    cancel(reason?: unknown): Promise<void>;
  };
}

/**
 * A Node `Readable` is an `AsyncIterable`; a file opened with `openAsBlob` has a `stream()`. Pieces
 * of 512 kB and more are not copied: leave them alone once they are given. The memory of a smaller
 * one may be used again when the next is asked for.
 */
export type ByteSource =
  | Uint8Array
  | WebByteStream
  | AsyncIterable<Uint8Array>
  | Iterable<Uint8Array>
  | { stream(): WebByteStream };

/** Pulled piece by piece; `end` tells the source that no more is wanted. */
export class Pieces {
  private isOver = false;

  constructor(
    private readonly take: () => Promise<Uint8Array | undefined>,
    private readonly release: () => Promise<unknown>,
  ) {}

  /** Undefined at the end, and from then on. Rejects with what the source fails with. */
  async next(): Promise<Uint8Array | undefined> {
    if (this.isOver) return undefined;
    const piece = await this.take();
    if (piece === undefined) this.isOver = true;
    else if (!(piece instanceof Uint8Array))
      throw new MalformedError('the pieces of a stream are Uint8Arrays (or Buffers)');
    return piece;
  }

  /** What the source says to that is nobody's business any more. */
  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.release().catch(() => undefined);
  }
}

/** Throws `MalformedError` on what is no source of bytes. */
export function piecesOf(source: ByteSource): Pieces {
  if (source instanceof Uint8Array) return ofIterator([source][Symbol.iterator]());
  if (typeof source !== 'object' || source === null) throw noSource();
  // Before what can be iterated, too: to cancel says to the other end that nobody reads on.
  if ('getReader' in source) return ofWeb(source);
  if (Symbol.asyncIterator in source) return ofIterator(source[Symbol.asyncIterator]());
  if (Symbol.iterator in source) return ofIterator(source[Symbol.iterator]());
  if ('stream' in source && typeof source.stream === 'function') return ofWeb(source.stream());
  throw noSource();
}

function noSource(): MalformedError {
  return new MalformedError(
    'a source is a Uint8Array, a web or Node stream, a Blob, or an iterable of Uint8Arrays',
  );
}

function ofWeb(stream: WebByteStream): Pieces {
  const reader = stream.getReader();
  return new Pieces(
    async () => {
      const { done, value } = await reader.read();
      return done ? undefined : value;
    },
    () => reader.cancel(),
  );
}

function ofIterator(iterator: Iterator<Uint8Array> | AsyncIterator<Uint8Array>): Pieces {
  return new Pieces(
    async () => {
      const { done, value } = await iterator.next();
      return done === true ? undefined : value;
    },
    async () => iterator.return?.(),
  );
}

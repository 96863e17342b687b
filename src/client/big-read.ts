/** A value as it is read piece by piece: what is known of it before, and its bytes as a stream. */
import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import type { Receipt } from '../wire/receipt.js';
import type { Context } from './context.js';

export interface BigReadParts {
  readonly size: number;
  readonly from: number;
  readonly end: number;
  readonly digest: string;
  readonly context: Context;
  readonly receipt: Receipt | undefined;
  /** Asked for once. */
  readonly pieces: () => AsyncGenerator<Uint8Array, void, undefined>;
}

/**
 * Its bytes can be read once: by `for await`, or by one of `stream()` and `node()`. Who stops
 * early stops what is fetched. A whole value ends only when its SHA-256 is right; otherwise, and
 * when the value was replaced meanwhile, it ends with an error, and what was read is of no use.
 */
export class BigRead implements AsyncIterable<Uint8Array> {
  /** Bytes of the whole value. */
  readonly size: number;
  /** The range that is read: from this byte to that one, which is not in it. */
  readonly from: number;
  readonly end: number;
  /** Of the whole value: `SHA-256=` and base64url, as NATS' object store writes it. */
  readonly digest: string;
  /** Hand it back with a put: it replaces what the key held when this was opened. */
  readonly context: Context;
  readonly receipt: Receipt | undefined;
  private isTaken = false;
  private readonly pieces: BigReadParts['pieces'];

  /** @internal */
  constructor({ size, from, end, digest, context, receipt, pieces }: BigReadParts) {
    this.size = size;
    this.from = from;
    this.end = end;
    this.digest = digest;
    this.context = context;
    this.receipt = receipt;
    this.pieces = pieces;
  }

  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    if (this.isTaken) throw new TypeError('the value is being read already: open it again');
    this.isTaken = true;
    return this.pieces();
  }

  /** As a web stream, which asks for no piece before it is wanted. */
  stream(): ReadableStream<Uint8Array> {
    const pieces = this[Symbol.asyncIterator]();
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const { done, value } = await pieces.next();
          if (done === true) controller.close();
          else controller.enqueue(value);
        },
        cancel: async () => {
          await pieces.return(undefined);
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** As a Node stream. */
  node(): Readable {
    return Readable.from(this, { objectMode: false, highWaterMark: 1 });
  }

  /** All of it in memory: for values of which one knows that they are small enough. */
  async bytes(): Promise<Uint8Array> {
    const whole = Buffer.allocUnsafeSlow(this.end - this.from);
    let at = 0;
    for await (const piece of this) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }
}

/** Both systems by what their own TypeScript clients have for streams. */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { connect as connectNats } from 'nats';
import { connect } from '../../../src/index.js';
import type { BigSystem } from './messages.js';

export const bigBucket = 'bench';
/** Of what is read of the file at once; each piece has memory of its own. */
const pieceBytes = 128 * 1024;

/**
 * The object store's client sends all chunks without waiting for one; each has to be acknowledged
 * by then, which with its 5 s unless told a large value on a busy machine is not.
 */
const chunkMsMax = 30 * 60_000;

export interface BigStore {
  /** Resolves to the digest of what was put. */
  put(key: string, file: string, onBytes: (bytes: number) => void): Promise<string>;
  /** As that. Rejects when what came is not what was put. */
  get(key: string, onBytes: (bytes: number) => void): Promise<string>;
  close(): Promise<void>;
}

export const bigStores: Readonly<
  Record<BigSystem, (servers: readonly string[]) => Promise<BigStore>>
> = {
  async quorate(servers) {
    const client = await connect({ servers });
    const bucket = client.bucket(bigBucket);
    return {
      async put(key, file, onBytes) {
        await bucket.putStream(
          key,
          counted(createReadStream(file, { highWaterMark: pieceBytes }), onBytes),
        );
        const read = await bucket.getStream(key);
        return read!.digest;
      },
      async get(key, onBytes) {
        const read = (await bucket.getStream(key))!;
        await consume(read, onBytes);
        return read.digest;
      },
      close: () => client.close(),
    };
  },
  async 'object-store'(servers) {
    const connection = await connectNats({ servers: [...servers], maxReconnectAttempts: -1 });
    const store = await connection.jetstream().views.os(bigBucket);
    return {
      async put(key, file, onBytes) {
        const pieces = counted(createReadStream(file, { highWaterMark: pieceBytes }), onBytes);
        const info = await store.put({ name: key }, webOf(pieces), { timeout: chunkMsMax });
        return info.digest;
      },
      async get(key, onBytes) {
        const found = (await store.get(key))!;
        await consume(found.data, onBytes);
        const error = await found.error;
        // Typed as null where there is none, and undefined.
        if (error instanceof Error) throw error;
        return found.info.digest;
      },
      close: () => connection.close(),
    };
  },
};

function webOf(pieces: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  return Readable.toWeb(Readable.from(pieces, { objectMode: false })) as ReadableStream<Uint8Array>;
}

async function* counted(
  pieces: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    yield piece;
    onBytes(piece.length);
  }
}

async function consume(
  pieces: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): Promise<void> {
  for await (const piece of pieces) onBytes(piece.length);
}

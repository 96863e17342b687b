import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { WholeMessages } from '../../src/bus/whole-messages.js';

/**
 * Hands the stream over in reads of these sizes, over and over; returns copies of what came out.
 */
function read(stream: Buffer, readsOf: readonly number[]): Buffer[] {
  const messages = new WholeMessages();
  const chunks: Buffer[] = [];
  for (let at = 0, next = 0; at < stream.length; next++) {
    const room = messages.room();
    expect(room.length).toBeGreaterThanOrEqual(64 * 1024);
    const bytes = Math.min(readsOf[next % readsOf.length]!, room.length, stream.length - at);
    stream.copy(room, 0, at, at + bytes);
    at += bytes;
    const whole = messages.received(bytes);
    if (whole !== undefined) chunks.push(Buffer.from(whole));
  }
  return chunks;
}

function payloadMessage(kind: string, payload: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`${kind} a.b 17 ${payload.length}\r\n`),
    payload,
    Buffer.from('\r\n'),
  ]);
}

const payload = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom('\r\nMSG x 1 5\r\n', 'PING\r\n', '\n').map((text) => Buffer.from(text)),
  fc.integer({ min: 30_000, max: 900_000 }).map((bytes) => Buffer.alloc(bytes, 'MSG 1\r\n')),
);
const message = fc.oneof(
  fc
    .constantFrom('PING\r\n', 'PONG\r\n', '+OK\r\n', "-ERR 'x'\r\n", 'INFO {"a":1}\r\n')
    .map((text) => Buffer.from(text)),
  fc
    .tuple(fc.constantFrom('MSG', 'HMSG', 'msg'), payload)
    .map(([kind, p]) => payloadMessage(kind, p)),
);

describe('WholeMessages', () => {
  test('whatever the reads: nothing is lost, and every chunk ends where a message ends', () => {
    fc.assert(
      fc.property(
        fc.array(message, { minLength: 1, maxLength: 12 }),
        fc.array(
          fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1000, max: 300_000 })),
          {
            minLength: 1,
            maxLength: 5,
          },
        ),
        (messages, sizes) => {
          const stream = Buffer.concat(messages);
          // A megabyte byte by byte says nothing new.
          const readsOf = stream.length > 20_000 ? sizes.map((size) => size * 400) : sizes;
          const ends = new Set<number>();
          let end = 0;
          for (const { length } of messages) ends.add((end += length));
          let at = 0;
          for (const chunk of read(stream, readsOf)) {
            expect(chunk.equals(stream.subarray(at, at + chunk.length))).toBe(true);
            at += chunk.length;
            expect(ends).toContain(at);
          }
          expect(at).toBe(stream.length);
        },
      ),
      { seed: 20_261_122, numRuns: 300 },
    );
  });

  test('what was handed over stays as it was until the next bytes are received; memory is reused', () => {
    const messages = new WholeMessages();
    const buffers = new Set<ArrayBufferLike>();
    let last: { whole: Buffer; sent: Buffer } | undefined;
    for (let i = 0; i < 60; i++) {
      const sent = payloadMessage('MSG', Buffer.alloc(20_000 + 900 * i, i));
      // Room is asked for before what was received last is handled.
      const room = messages.room();
      sent.copy(room);
      if (last !== undefined) expect(last.whole.equals(last.sent)).toBe(true);
      const whole = messages.received(sent.length)!;
      expect(whole.equals(sent)).toBe(true);
      buffers.add(whole.buffer);
      last = { whole, sent };
    }
    expect(buffers.size).toBe(2);
  });

  test('a message of a megabyte in parts, then small ones, then another', () => {
    const large = payloadMessage('MSG', Buffer.alloc(1_000_000, 7));
    const small = payloadMessage('MSG', Buffer.alloc(50_000, 8));
    const stream = Buffer.concat([large, small, small, large, small]);
    const messages = new WholeMessages();
    const chunks: Buffer[] = [];
    for (let at = 0; at < stream.length;) {
      const room = messages.room();
      const bytes = Math.min(room.length, 130_000, stream.length - at);
      stream.copy(room, 0, at, at + bytes);
      at += bytes;
      const whole = messages.received(bytes);
      if (whole !== undefined) chunks.push(Buffer.from(whole));
    }
    expect(Buffer.concat(chunks).equals(stream)).toBe(true);
  });
});

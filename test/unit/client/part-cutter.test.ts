import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { piecesOf, type ByteSource } from '../../../src/client/byte-source.js';
import { PartCutter } from '../../../src/client/part-cutter.js';
import { MalformedError } from '../../../src/errors.js';

const partBytes = 8;

const cutterOf = (source: ByteSource): PartCutter => new PartCutter(piecesOf(source), partBytes);

/** As who sends them at once: a part is over when the next is asked for. */
async function partsOf(cutter: PartCutter): Promise<Buffer[]> {
  const parts: Buffer[] = [];
  for (let part = await cutter.next(); part !== undefined; part = await cutter.next()) {
    parts.push(Buffer.from(part.bytes));
    cutter.giveBack(part);
  }
  return parts;
}

const numbered = (bytes: number): Buffer => Buffer.from(Array.from({ length: bytes }, (_, i) => i));

describe('whatever the pieces are, all parts are full but the last', () => {
  test('and together they are what the source gave', async () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(pieces, async (given) => {
        const parts = await partsOf(cutterOf(given));
        expect(Buffer.concat(parts).equals(Buffer.concat(given))).toBe(true);
        expect(parts.slice(0, -1).every((part) => part.length === partBytes)).toBe(true);
        expect(parts.at(-1)?.length ?? 1).toBeGreaterThan(0);
      }),
    );
  });

  test.each<[string, () => ByteSource]>([
    ['bytes', () => numbered(20)],
    ['a Node stream', () => Readable.from([numbered(20)])],
    [
      'a web stream',
      () =>
        new ReadableStream<Uint8Array>({
          start: (controller) => {
            controller.enqueue(numbered(20));
            controller.close();
          },
        }),
    ],
    ['a Blob', () => new Blob([numbered(20)])],
    [
      'a generator',
      async function* (): AsyncGenerator<Uint8Array> {
        yield numbered(20);
      },
    ],
  ])('from %s', async (_, source) => {
    const parts = await partsOf(cutterOf(source()));
    expect(parts.map((part) => part.length)).toEqual([8, 8, 4]);
    expect(Buffer.concat(parts).equals(numbered(20))).toBe(true);
  });
});

test('pieces as large as parts are not copied; those that are made of several share few buffers', async () => {
  const whole = numbered(16);
  const cutter = cutterOf([whole]);
  const first = await cutter.next();
  expect(first!.bytes.buffer).toBe(whole.buffer);
  expect(first!.buffer).toBeUndefined();
  const small = cutterOf(Array.from({ length: 100 }, () => numbered(3)));
  const buffers = new Set<unknown>();
  for (let part = await small.next(); part !== undefined; part = await small.next()) {
    buffers.add(part.bytes.buffer);
    small.giveBack(part);
  }
  expect(buffers.size).toBe(1);
});

test('a source is asked for no more than the part that is wanted', async () => {
  let given = 0;
  const source = (function* () {
    for (; given < 100; given++) yield numbered(partBytes);
  })();
  const cutter = cutterOf(source);
  await cutter.next();
  await cutter.next();
  expect(given).toBe(1);
});

async function* failing(): AsyncGenerator<Uint8Array> {
  yield numbered(3);
  throw new Error('unplugged');
}

describe('a source that is no good', () => {
  test('gives text: an error that says what is wanted', async () => {
    const text = Readable.from(['abc']) as unknown as ByteSource;
    await expect(cutterOf(text).next()).rejects.toThrow(/Uint8Array/);
  });

  test.each([[{}], [{ stream: 1 }]])('is none: %j', (source) => {
    expect(() => piecesOf(source as unknown as ByteSource)).toThrow(MalformedError);
  });

  test('fails: so does the part that it was to be in', async () => {
    await expect(cutterOf(failing()).next()).rejects.toThrow('unplugged');
  });
});

describe('a source that is not read to its end is told so', () => {
  test('a web stream is cancelled, a generator returns, a Node stream is destroyed', async () => {
    let cancelled = false;
    const web = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(numbered(8)),
      cancel: () => void (cancelled = true),
    });
    let returned = false;
    const generator = (async function* () {
      try {
        for (;;) yield numbered(8);
      } finally {
        returned = true;
      }
    })();
    const node = Readable.from([numbered(8), numbered(8)]);
    for (const source of [web, generator, node]) {
      const pieces = piecesOf(source);
      await pieces.next();
      pieces.end();
      expect(await pieces.next()).toBeUndefined();
    }
    await new Promise(setImmediate);
    expect([cancelled, returned, node.destroyed]).toEqual([true, true, true]);
  });
});

import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { clientLimits } from '../../../actors/rules/limits/client.js';
import { download, type DownloadOptions, type PartReader } from '../../../src/client/download.js';
import { Patience } from '../../../src/client/patience.js';
import { DigestError, ReplacedError, UnavailableError } from '../../../src/errors.js';
import { ManualClock } from '../../support/manual-clock.js';

const partBytes = 4;
const whole = Buffer.from('abcdefghijklmnopqrstuvwxyz');
const big = {
  size: whole.length,
  partBytes,
  sha256: createHash('sha256').update(whole).digest(),
  upload: 'u',
};

const part = (index: number): Buffer => whole.subarray(partBytes * index, partBytes * (index + 1));

function started(
  read: PartReader,
  options: Partial<DownloadOptions> = {},
): { clock: ManualClock; pieces: AsyncGenerator<Uint8Array> } {
  const clock = new ManualClock();
  const parts = {
    read,
    patience: new Patience(clock, options.signal),
    why: (index: number) => Promise.resolve(new ReplacedError(`part ${index}`)),
  };
  return { clock, pieces: download(big, parts, { from: 0, end: big.size, ...options }) };
}

async function all(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const bytes: Uint8Array[] = [];
  for await (const piece of pieces) bytes.push(piece);
  return Buffer.concat(bytes).toString();
}

const there: PartReader = (index) => Promise.resolve(part(index));

const outOfOrder: PartReader = async (index) => {
  for (let i = index % 3; i < 3; i++) await new Promise(setImmediate);
  return part(index);
};
const withoutOne: PartReader = (index) => (index === 5 ? Promise.resolve(undefined) : there(index));
const other: PartReader = (index) =>
  Promise.resolve(index === 1 ? Buffer.from('EFGH') : part(index));
const shorter: PartReader = (index) => Promise.resolve(part(index).subarray(1));

test('all of it, in order, whichever part comes first', async () => {
  expect(await all(started(outOfOrder).pieces)).toBe(whole.toString());
});

test('any range', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(25), fc.nat(26), async (from, length) => {
      const end = Math.min(26, from + length);
      const asked = new Set<number>();
      const read: PartReader = (index) => {
        asked.add(index);
        return there(index);
      };
      const text = await all(started(read, { from, end }).pieces);
      expect(text).toBe(whole.subarray(from, end).toString());
      // No part that has nothing of it.
      for (const index of asked)
        expect(partBytes * index < end && partBytes * (index + 1) > from).toBe(true);
    }),
  );
});

test('few parts are fetched ahead of whoever reads, and none after who has had enough', async () => {
  let asked = 0;
  const { pieces } = started((index) => {
    asked++;
    return there(index);
  });
  await pieces.next();
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  expect(asked).toBe(clientLimits.partsAheadMax);
  await pieces.return(undefined);
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  expect(asked).toBe(clientLimits.partsAheadMax);
});

test('progress says how much was handed over', async () => {
  const seen: number[] = [];
  await all(started(there, { onProgress: ({ bytes }) => seen.push(bytes) }).pieces);
  expect(seen).toEqual([4, 8, 12, 16, 20, 24, 26]);
});

describe('what fails', () => {
  test('and may pass is fetched again: the part, not the value', async () => {
    const asked: number[] = [];
    let left = 3;
    const read: PartReader = (index) => {
      asked.push(index);
      if (index === 4 && left-- > 0) return Promise.reject(new UnavailableError('gone'));
      return there(index);
    };
    const { clock, pieces } = started(read);
    const text = all(pieces);
    for (let i = 0; i < 60; i++) {
      await new Promise(setImmediate);
      clock.advance(100);
    }
    expect(await text).toBe(whole.toString());
    expect(asked.filter((index) => index !== 4)).toHaveLength(6);
  });

  test('a part that is not there: the error says why, after all that came before it', async () => {
    const { pieces } = started(withoutOne);
    const got: string[] = [];
    const reading = (async () => {
      for await (const piece of pieces) got.push(Buffer.from(piece).toString());
    })();
    await expect(reading).rejects.toThrow(ReplacedError);
    expect(got.join('')).toBe('abcdefghijklmnopqrst');
  });

  test('other bytes: the last piece is not handed over', async () => {
    const got: number[] = [];
    const reading = (async () => {
      for await (const piece of started(other).pieces) got.push(piece.length);
    })();
    await expect(reading).rejects.toThrow(DigestError);
    expect(got).toHaveLength(6);
  });

  test('a part of another length is no part of it', async () => {
    await expect(all(started(shorter).pieces)).rejects.toThrow(/part 0 .* 3 bytes instead of 4/);
  });

  test('a signal ends it with its reason', async () => {
    const controller = new AbortController();
    const { pieces } = started(there, { signal: controller.signal });
    await pieces.next();
    controller.abort(new Error('enough'));
    await expect(pieces.next()).rejects.toThrow('enough');
  });
});

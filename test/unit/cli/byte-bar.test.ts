import { describe, expect, test } from '@jest/globals';
import { barLine, ByteBar, sizeText } from '../../../src/cli/byte-bar.js';
import { ManualClock } from '../../support/manual-clock.js';

function drawn(isTTY: boolean): { bar: ByteBar; clock: ManualClock; written: string[] } {
  const written: string[] = [];
  const clock = new ManualClock();
  const screen = { isTTY, columns: 60, write: (text: string) => written.push(text) };
  return { bar: new ByteBar(screen, clock, 'trailer.mkv'), clock, written };
}

describe('a bar', () => {
  test('is one line, written over, no longer than the terminal is wide, and gone at the end', () => {
    const { bar, clock, written } = drawn(true);
    bar.show(0, 1_000_000_000);
    clock.advance(1_000);
    bar.show(100_000_000, 1_000_000_000);
    bar.end();
    expect(written).toHaveLength(3);
    expect(written[1]).toMatch(/^\rtrailer\.mkv \[##-+\] 10 % · 100 MB/);
    const line = written[1]!.slice('\r'.length, -'\u001b[K'.length);
    expect(line).toHaveLength(59);
    expect(written[2]).toBe('\r\u001b[K');
  });

  test('is not drawn more often than a person looks, but for the last time', () => {
    const { bar, clock, written } = drawn(true);
    for (let bytes = 0; bytes <= 1_000; bytes++) {
      bar.show(bytes, 1_000);
      clock.advance(1);
    }
    expect(written.length).toBeGreaterThan(5);
    expect(written.length).toBeLessThan(20);
    expect(written.at(-1)).toContain('100 %');
  });

  test('is none where standard error is no terminal', () => {
    const { bar, written } = drawn(false);
    bar.show(1, 2);
    bar.end();
    expect(written).toEqual([]);
  });
});

test.each([
  [{ bytes: 500, size: 1_000, rate: 100 }, /50 % · 500 B of 1\.0 kB · 100 B\/s · 5 s left$/],
  [{ bytes: 0, size: 0, rate: undefined }, /100 % · 0 B of 0 B$/],
  [{ bytes: 5_000_000, size: undefined, rate: 1_000_000 }, /^t · 5\.0 MB · 1\.0 MB\/s$/],
  [{ bytes: 0, size: 1e9, rate: 100_000 }, /2 h 46 min left$/],
  [{ bytes: 0, size: 1e9, rate: 10_000_000 }, /1 min 40 s left$/],
])('%j', (progress, line) => {
  expect(barLine({ title: 't', ...progress })).toMatch(line);
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [999.6, '1.0 kB'],
  [1_048_576, '1.0 MB'],
  [123_456_789, '123 MB'],
  [5e12, '5.0 TB'],
])('%d bytes are %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});

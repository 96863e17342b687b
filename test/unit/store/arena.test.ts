import { describe, expect, test } from '@jest/globals';
import { array, assert, integer, property } from 'fast-check';
import { Arena, ChunkPool } from '../../../src/store/arena.js';

const memtableBytesMax = 1 << 20;
const chunkBytes = 64 * 1024;

function poolOf(scrub = false): ChunkPool {
  return new ChunkPool({ memtableBytesMax, scrub });
}

test('what is taken does not overlap, whatever the sizes', () => {
  const holds = property(
    array(integer({ min: 1, max: chunkBytes + 10 }), { maxLength: 50 }),
    (lengths) => {
      const arena = new Arena(poolOf());
      const taken = lengths.map((length, i) => arena.take(length).fill(i));
      for (const [i, bytes] of taken.entries()) {
        expect(bytes).toHaveLength(lengths[i]!);
        expect(bytes.every((byte) => byte === i)).toBe(true);
      }
    },
  );
  assert(holds, { seed: 20_261_123, numRuns: 200 });
});

test('what was taken last and is used nowhere is taken again', () => {
  const arena = new Arena(poolOf());
  const kept = arena.copy(Buffer.from('kept'));
  const unused = arena.copy(Buffer.from('unused'));
  arena.undo(unused);
  const next = arena.copy(Buffer.from('next'));
  expect(next.byteOffset).toBe(unused.byteOffset);
  expect(`${kept.toString()} ${next.toString()}`).toBe('kept next');
  arena.undo(arena.take(chunkBytes + 1));
  expect(arena.take(1).byteOffset).toBe(next.byteOffset + next.length);
});

describe('when the memtable is dropped', () => {
  test('its chunks serve the next one', () => {
    const pool = poolOf();
    const first = new Arena(pool);
    const { buffer } = first.take(10);
    first.giveBack();
    expect(new Arena(pool).take(10).buffer).toBe(buffer);
  });

  test('a lease keeps them from being used again, also when it ends afterwards', () => {
    const pool = poolOf(true);
    const arena = new Arena(pool);
    const lease = arena.lease(arena.copy(Buffer.from('leased')));
    const { bytes } = lease;
    arena.giveBack();
    expect(bytes.toString()).toBe('leased');
    lease.release();
    expect(new Arena(pool).take(10).buffer).not.toBe(bytes.buffer);
    expect(bytes.toString()).toBe('leased');
  });

  test('a lease that has ended does not', () => {
    const pool = poolOf();
    const arena = new Arena(pool);
    const lease = arena.lease(arena.take(10));
    lease.release();
    arena.giveBack();
    expect(new Arena(pool).take(10).buffer).toBe(lease.bytes.buffer);
  });

  test('scrubbed memory reads as nothing that was there', () => {
    const arena = new Arena(poolOf(true));
    const bytes = arena.copy(Buffer.from('gone'));
    arena.giveBack();
    expect(bytes.toString()).not.toBe('gone');
  });

  test('no more is kept than a memtable takes', () => {
    const pool = poolOf();
    const arena = new Arena(pool);
    const chunks = new Set<unknown>();
    for (let i = 0; i < 64; i++) chunks.add(arena.take(chunkBytes).buffer);
    expect(chunks.size).toBe(64);
    arena.giveBack();
    const next = new Arena(pool);
    let again = 0;
    for (let i = 0; i < 64; i++) if (chunks.has(next.take(chunkBytes).buffer)) again++;
    expect(again).toBe(17);
  });
});

/** The parts of an import, over a source and a target in memory. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { importLimits } from '../../../actors/rules/limits/import.js';
import { limits } from '../../../actors/rules/limits.js';
import {
  ImportCourse,
  type CourseParts,
  type Skipped,
} from '../../../src/cli/import/import-course.js';
import { PositionFile } from '../../../src/cli/import/position-file.js';
import { PutWindow } from '../../../src/cli/import/put-window.js';
import {
  keyOfSubject,
  restOfLife,
  ttlMsOfHeader,
  type KvSource,
  type SourceEntry,
} from '../../../src/cli/import/source.js';
import type { ImportTarget, IsHeld } from '../../../src/cli/import/target.js';
import { verify } from '../../../src/cli/import/verification.js';
import { ImportBar, progressLine } from '../../../src/cli/import/import-bar.js';
import { MalformedError, TooLargeError, UnavailableError } from '../../../src/errors.js';
import { ManualClock } from '../../support/manual-clock.js';

const clock = new ManualClock();
const bytes = (text: string): Uint8Array => Buffer.from(text);

function entry(sequence: number, key: string, value: string | null, more = {}): SourceEntry {
  return {
    subject: `$KV.b.${key}`,
    value: value === null ? null : bytes(value),
    sequence,
    storedMs: clock.wallMs(),
    ttlMs: undefined,
    ...more,
  };
}

/** Gives what it is told in batches of so many. */
function sourceOf(entries: readonly SourceEntry[], ofBatch = 2): KvSource {
  return {
    info: () => Promise.reject(new Error('nobody asks')),
    async *read(after = 0) {
      await Promise.resolve();
      const all = entries.filter(({ sequence }) => sequence > after);
      for (let i = 0; i < all.length; i += ofBatch)
        yield {
          entries: all.slice(i, i + ofBatch),
          pending: Math.max(0, all.length - i - ofBatch),
        };
    },
  };
}

class MapTarget implements ImportTarget {
  readonly values = new Map<string, string>();
  readonly writes: string[] = [];
  readonly lives = new Map<string, number | undefined>();
  /** What a put of this value waits for, or fails with. */
  before: (key: string, value: string) => Promise<void> = () => Promise.resolve();

  async put(key: string, value: Uint8Array, ttlMs: number | undefined): Promise<void> {
    const text = Buffer.from(value).toString();
    await this.before(key, text);
    this.writes.push(`${key}=${text}`);
    this.values.set(key, text);
    this.lives.set(key, ttlMs);
  }

  remove(key: string): Promise<boolean> {
    this.writes.push(`-${key}`);
    return Promise.resolve(this.values.delete(key));
  }

  held(keys: readonly string[]): Promise<ReadonlyMap<string, IsHeld>> {
    const there = keys.filter((key) => this.values.has(key));
    const isHeld = (key: string, value: Uint8Array): boolean =>
      Buffer.from(value).toString() === this.values.get(key);
    return Promise.resolve(new Map(there.map((key) => [key, (value) => isHeld(key, value)])));
  }
}

function courseOf(
  entries: readonly SourceEntry[],
  more: Partial<CourseParts> = {},
): {
  course: ImportCourse;
  target: MapTarget;
  positions: number[];
  skipped: Skipped[];
} {
  const target = new MapTarget();
  const positions: number[] = [];
  const skipped: Skipped[] = [];
  const course = new ImportCourse({
    source: sourceOf(entries),
    target,
    clock,
    maxAgeMs: 0,
    position: undefined,
    onProgress: () => undefined,
    onSkipped: (one) => skipped.push(one),
    onPosition: (sequence) => positions.push(sequence),
    ...more,
  });
  return { course, target, positions, skipped };
}

describe('the course of an import', () => {
  test('the last value of each key is put, what is deleted there is deleted here', async () => {
    const { course, target, positions } = courseOf([
      entry(3, 'a', '1'),
      entry(4, 'gone', null),
      entry(7, 'b.c', ''),
      entry(9, 'absent', null),
    ]);
    target.values.set('gone', 'old');
    expect(await course.run()).toBe(true);
    expect([...target.values]).toEqual([
      ['a', '1'],
      ['b.c', ''],
    ]);
    expect(course.totals).toMatchObject({ read: 4, put: 2, deleted: 2, removed: 1, skipped: 0 });
    expect(positions.at(-1)).toBe(9);
  });

  test('values of one key are put one after the other, however long the first takes', async () => {
    const waiting: (() => void)[] = [];
    const first = new Promise<void>((resolve) => waiting.push(resolve));
    const { course, target } = courseOf([
      entry(1, 'k', 'old'),
      entry(2, 'other', 'x'),
      entry(3, 'k', 'new'),
      entry(4, 'k', null),
      entry(5, 'k', 'newest'),
    ]);
    target.before = (_, value) => (value === 'old' ? first : Promise.resolve());
    const run = course.run();
    await new Promise((resolve) => setImmediate(resolve));
    expect(target.writes).toEqual(['other=x']);
    waiting[0]!();
    await run;
    expect(target.writes).toEqual(['other=x', 'k=old', 'k=new', '-k', 'k=newest']);
  });

  test('it goes on behind a position; a position covers only what is done', async () => {
    const entries = [1, 2, 3, 4, 5, 6].map((i) => entry(i, `k${i}`, `${i}`));
    const broken = courseOf(entries);
    broken.target.before = (key) =>
      key === 'k3' ? Promise.reject(new Error('the disk is on fire')) : Promise.resolve();
    await expect(broken.course.run()).rejects.toThrow('on fire');
    expect(broken.positions.at(-1)).toBe(2);

    const { course, target } = courseOf(entries, { position: 2 });
    await course.run();
    expect(target.writes).toEqual(['k3=3', 'k4=4', 'k5=5', 'k6=6']);
  });

  test('what may pass is tried again, for a minute at most', async () => {
    const own = new ManualClock();
    let refusals = 0;
    const untilDone = async (run: Promise<unknown>): Promise<void> => {
      const state = { isOver: false };
      const over = (): void => {
        state.isOver = true;
      };
      run.then(over, over);
      while (!state.isOver) {
        own.advance(importLimits.putRestMs);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const passing = courseOf([entry(1, 'k', 'old'), entry(2, 'k', 'new')], { clock: own });
    passing.target.before = () =>
      ++refusals < 20 ? Promise.reject(new UnavailableError('no', 'unknown')) : Promise.resolve();
    const run = passing.course.run();
    await untilDone(run);
    expect(await run).toBe(true);
    expect(passing.target.writes).toEqual(['k=old', 'k=new']);

    const lasting = courseOf([entry(1, 'k', 'v')], { clock: own });
    lasting.target.before = () => Promise.reject(new UnavailableError('no quorum'));
    const failing = lasting.course.run();
    await untilDone(failing);
    await expect(failing).rejects.toThrow('no quorum');
    expect(lasting.positions).toEqual([]);
  });

  test('stopped, it puts what it has begun and says how far it has come', async () => {
    const entries = [1, 2, 3, 4, 5, 6].map((i) => entry(i, `k${i}`, `${i}`));
    const parts = courseOf(entries, {
      onProgress: ({ read }) => {
        if (read === 4) parts.course.stop();
      },
    });
    expect(await parts.course.run()).toBe(false);
    expect(parts.target.values.size).toBe(4);
    expect(parts.positions.at(-1)).toBe(4);
  });

  test('what is too large or no key stays behind, and the others go on', async () => {
    const { course, target, skipped, positions } = courseOf([
      entry(1, 'large', 'x'),
      entry(2, 'bad\uFFFD', 'x'),
      entry(3, 'long', 'x'),
      entry(4, 'fine', 'x'),
      { ...entry(5, 'x', 'x'), subject: 'elsewhere' },
    ]);
    target.before = (key) => {
      if (key === 'large') return Promise.reject(new TooLargeError());
      if (key === 'long') return Promise.reject(new MalformedError('a key has 1 to 1024 bytes'));
      return Promise.resolve();
    };
    expect(await course.run()).toBe(true);
    expect([...target.values.keys()]).toEqual(['fine']);
    expect(skipped.map(({ key }) => key).sort()).toEqual([
      '$KV.b.bad\uFFFD',
      'elsewhere',
      'large',
      'long',
    ]);
    expect(skipped.find(({ key }) => key === 'large')?.reason).toBe(TooLargeError.valueText);
    expect(positions.at(-1)).toBe(5);
  });

  test('a value gets what is left of its life; one whose life is over is none', async () => {
    const now = clock.wallMs();
    const { course, target } = courseOf(
      [
        entry(1, 'young', 'x', { storedMs: now - 1_000 }),
        entry(2, 'own', 'x', { storedMs: now - 1_000, ttlMs: 5_000 }),
        entry(3, 'ever', 'x', { storedMs: now - 99_000, ttlMs: Infinity }),
        entry(4, 'over', 'x', { storedMs: now - 60_000 }),
      ],
      { maxAgeMs: 60_000 },
    );
    target.values.set('over', 'as it was before');
    await course.run();
    expect(Object.fromEntries(target.lives)).toEqual({ young: 59_000, own: 4_000 });
    expect([...target.values.keys()].sort()).toEqual(['ever', 'own', 'young']);
    expect(course.totals).toMatchObject({ put: 3, expired: 1, removed: 1 });
  });
});

describe('writes under way', () => {
  test('no more than so many, and so many bytes; a large one goes alone', async () => {
    const window = new PutWindow();
    const waiting: (() => void)[] = [];
    const add = (sequence: number, size: number): Promise<void> =>
      window.add(
        { sequence, key: `k${sequence}`, bytes: size },
        () => new Promise((resolve) => waiting.push(resolve)),
      );
    await add(1, importLimits.bytesInFlightMax * 2);
    const second = add(2, 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(waiting).toHaveLength(1);
    expect(window.position()).toBeUndefined();
    waiting[0]!();
    await second;
    for (let i = 3; i < importLimits.putsInFlightMax + 2; i++) await add(i, 1);
    const beyond = add(10_000, 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(waiting).toHaveLength(importLimits.putsInFlightMax + 1);
    waiting[5]!();
    await beyond;
    expect(window.position()).toBe(1);
    for (const resolve of waiting) resolve();
    await new Promise((resolve) => setImmediate(resolve));
    for (const resolve of waiting) resolve();
    await window.settled();
    expect(window.position()).toBe(10_000);
  });
});

describe('verification', () => {
  test('counts what is equal, absent, different, too long and written since', async () => {
    const target = new MapTarget();
    for (const key of ['same', 'other', 'undeleted', 'late']) target.values.set(key, 'x');
    const verdict = await verify({
      source: sourceOf([
        entry(1, 'same', 'x'),
        entry(2, 'other', 'y'),
        entry(3, 'absent', 'x'),
        entry(4, 'deleted', null),
        entry(5, 'undeleted', null),
        entry(6, 'k'.repeat(limits.keyBytesMax + 1), 'x'),
        { ...entry(7, 'x', 'x'), subject: 'no key' },
        entry(8, 'soon over', 'x', { ttlMs: 1_000 }),
        entry(9, 'late', 'newer'),
      ]),
      target,
      clock,
      maxAgeMs: 0,
      upTo: 8,
      onProgress: () => undefined,
    });
    expect(verdict).toEqual({
      equal: 2,
      absent: 1,
      different: 2,
      unfit: 2,
      changed: 1,
      named: ['other', 'absent', 'undeleted'],
    });
  });
});

describe('what the source says', () => {
  test('keys of subjects', () => {
    expect(keyOfSubject('$KV.orders.eu.1')).toBe('eu.1');
    expect(keyOfSubject('$KV.orders.ä/=-')).toBe('ä/=-');
    expect(keyOfSubject('$KV.orders.a\uFFFD')).toBeUndefined();
    expect(keyOfSubject('other.orders.a')).toBeUndefined();
  });

  test('lifetimes: of the bucket, of the entry, the sooner of both', () => {
    const at = { storedMs: 1_000, ttlMs: undefined };
    expect(restOfLife(at, 0, 5_000)).toBeUndefined();
    expect(restOfLife(at, 10_000, 5_000)).toBe(6_000);
    expect(restOfLife({ ...at, ttlMs: 3_000 }, 10_000, 5_000)).toBe(-1_000);
    expect(restOfLife({ ...at, ttlMs: 30_000 }, 10_000, 5_000)).toBe(6_000);
    expect(restOfLife({ ...at, ttlMs: Infinity }, 10_000, 99_000)).toBeUndefined();
  });

  test('Nats-TTL as servers read it', () => {
    expect(['10', '1h30m', '1.5s', 'never', '', '0', 'x', '5 s'].map(ttlMsOfHeader)).toEqual([
      10_000,
      5_400_000,
      1_500,
      Infinity,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('the position', () => {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-position-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const source = {
    stream: 'KV_b',
    created: '2026-01-01',
    lastSequence: 9,
    maxAgeMs: 0,
    history: 1,
  };
  const position = { stream: 'KV_b', created: '2026-01-01', target: 'b', sequence: 7 };

  test('is what was written last', async () => {
    const path = join(directory, 'one.json');
    const file = new PositionFile(path);
    expect(await file.read(source, 'b')).toBeUndefined();
    for (let sequence = 1; sequence <= 7; sequence++) void file.write({ ...position, sequence });
    await file.written();
    expect(await new PositionFile(path).read(source, 'b')).toBe(7);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(position);
  });

  test('is refused when it is of another source or target, or no position', async () => {
    const path = join(directory, 'two.json');
    const file = new PositionFile(path);
    await file.write(position);
    await expect(file.read({ ...source, stream: 'KV_c' }, 'b')).rejects.toThrow('not of KV_c');
    await expect(file.read(source, 'c')).rejects.toThrow('not into c');
    await expect(file.read({ ...source, created: '2027' }, 'b')).rejects.toThrow('made anew');
    await expect(file.read({ ...source, lastSequence: 6 }, 'b')).rejects.toThrow('made anew');
    for (const text of ['', 'null', '[]', '{"stream":"KV_b"}', '{']) {
      writeFileSync(path, text);
      await expect(file.read(source, 'b')).rejects.toThrow('none of an import');
    }
    writeFileSync(path, ' '.repeat(importLimits.positionBytesMax + 1));
    await expect(file.read(source, 'b')).rejects.toThrow('none of an import');
  });

  test('goes on to be written after a write that failed', async () => {
    const path = join(directory, 'later', 'three.json');
    const file = new PositionFile(path);
    await expect(file.write(position)).rejects.toThrow('ENOENT');
    mkdirSync(join(directory, 'later'));
    await file.write(position);
    expect(await file.read(source, 'b')).toBe(7);
  });
});

describe('the progress bar', () => {
  test('says how far it is, how fast, and how long it takes yet', () => {
    expect(progressLine('import b', { done: 5_000, total: 20_000 }, 1_000)).toBe(
      'import b [######------------------] 25 % · 5 000 of 20 000 · 5 000/s · 3 s left',
    );
    expect(progressLine('x', { done: 0, total: 0 }, 0)).toContain('100 % · 0 of 0');
  });

  test('is drawn on a terminal alone, and not at every step', () => {
    const written: string[] = [];
    const stream = (isTTY: boolean): NodeJS.WriteStream =>
      ({
        isTTY,
        columns: 40,
        write: (text: string) => written.push(text),
      }) as unknown as NodeJS.WriteStream;
    const none = new ImportBar('x', clock, stream(false));
    none.show({ done: 1, total: 2 });
    none.end();
    expect(written).toEqual([]);
    const bar = new ImportBar('x', clock, stream(true));
    for (let done = 0; done < 10; done++) bar.show({ done, total: 10 });
    expect(written).toHaveLength(1);
    expect(written[0]!.length).toBeLessThanOrEqual('\r'.length + 39 + '\u001b[K'.length);
    bar.end();
    expect(written[1]).toBe('\r\u001b[K');
  });
});

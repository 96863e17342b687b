import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { clientLimits } from '../../../actors/rules/limits/client.js';
import { piecesOf } from '../../../src/client/byte-source.js';
import { PartCutter } from '../../../src/client/part-cutter.js';
import { Patience } from '../../../src/client/patience.js';
import {
  Upload,
  type Progress,
  type UploadDoor,
  type UploadedValue,
  type UploadOptions,
  type UploadPosition,
} from '../../../src/client/upload.js';
import { MalformedError, TooLargeError, UnavailableError } from '../../../src/errors.js';
import { ManualClock } from '../../support/manual-clock.js';

const { partsUnderWayMax } = clientLimits;
const partBytes = 4;

/** Keeps parts; answers when it is told to, or at once. */
class Door implements UploadDoor<string> {
  readonly parts = new Map<number, Buffer>();
  readonly asked: number[] = [];
  readonly waiting: (() => void)[] = [];
  committed: UploadedValue | undefined;
  freed: string | undefined;
  begun = 0;
  holds = false;
  /** What a try of a part, or the commit, fails with. */
  fails: (index: number | 'commit') => Error | undefined = () => undefined;

  begin(): Promise<string> {
    return Promise.resolve(`u${++this.begun}`);
  }

  async putPart(_: string, index: number, bytes: Uint8Array): Promise<void> {
    this.asked.push(index);
    if (this.holds) await new Promise<void>((resolve) => this.waiting.push(resolve));
    const failure = this.fails(index);
    if (failure !== undefined) throw failure;
    this.parts.set(index, Buffer.from(bytes));
  }

  commit(value: UploadedValue): Promise<string> {
    const failure = this.fails('commit');
    if (failure !== undefined) return Promise.reject(failure);
    this.committed = value;
    return Promise.resolve('done');
  }

  abort(upload: string): Promise<void> {
    this.freed = upload;
    return Promise.resolve();
  }

  get value(): Buffer {
    return Buffer.concat([...this.parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes));
  }
}

const whole = Buffer.from('abcdefghijklmnopqrstuvwxyz');

function* pieces(text: Uint8Array = whole, read?: { count: number }): Generator<Uint8Array> {
  for (let at = 0; at < text.length; at += 3) {
    if (read !== undefined) read.count++;
    yield text.subarray(at, at + 3);
  }
}

function uploadOf(
  door: Door,
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  options: UploadOptions = {},
): { upload: Upload<string>; clock: ManualClock } {
  const clock = new ManualClock();
  const cutter = new PartCutter(piecesOf(source), partBytes);
  return { clock, upload: new Upload(door, cutter, new Patience(clock, options.signal), options) };
}

const settle = async (): Promise<void> => {
  for (let i = 0; i < 50; i++) await new Promise(setImmediate);
};

/** Runs the clock until it has settled. */
async function settled<T>(promise: Promise<T>, clock: ManualClock): Promise<T> {
  const course = { isOver: false };
  const mark = (): void => void (course.isOver = true);
  promise.then(mark, mark);
  for (let i = 0; i < 1_000 && !course.isOver; i++) {
    await settle();
    clock.advance(100);
  }
  return promise;
}

async function* stuck(): AsyncGenerator<Uint8Array> {
  yield whole.subarray(0, 5);
  await new Promise(() => undefined);
}

/** An upload that failed at a part, and where it was. */
async function broken(door: Door): Promise<UploadPosition> {
  door.fails = (index) => (index === 4 ? new TooLargeError('broken') : undefined);
  const { upload, clock } = uploadOf(door, pieces());
  await expect(settled(upload.run([]), clock)).rejects.toThrow('broken');
  const position = await upload.position();
  door.fails = () => undefined;
  door.asked.length = 0;
  return position!;
}

test('parts, then the manifest with size and SHA-256 of the whole', async () => {
  const door = new Door();
  const { upload } = uploadOf(door, pieces());
  expect(await upload.run([])).toBe('done');
  expect(door.value.equals(whole)).toBe(true);
  const sha256 = createHash('sha256').update(whole).digest();
  expect(door.committed).toEqual({ upload: 'u1', parts: 7, size: 26, sha256 });
});

test('so many parts are under way and no more, and the source is read no further', async () => {
  const door = new Door();
  door.holds = true;
  const read = { count: 0 };
  const { upload } = uploadOf(door, pieces(Buffer.alloc(600), read));
  const done = upload.run([]);
  await settle();
  expect(door.asked).toHaveLength(partsUnderWayMax);
  // One part more lies ready, and a piece may reach beyond it.
  expect(3 * read.count).toBeLessThanOrEqual(partBytes * (partsUnderWayMax + 1) + 3);
  for (let parts = 0; parts < 150; parts++) {
    door.waiting.shift()!();
    await settle();
    expect(door.waiting.length).toBeLessThanOrEqual(partsUnderWayMax);
  }
  await done;
  expect(door.value.equals(Buffer.alloc(600))).toBe(true);
});

test('progress counts what is stored, up to all of it', async () => {
  const seen: Progress[] = [];
  const { upload } = uploadOf(new Door(), pieces(), {
    size: 26,
    onProgress: (progress) => seen.push(progress),
  });
  await upload.run([]);
  expect(seen).toHaveLength(7);
  expect(seen.at(-1)).toEqual({ bytes: 26, size: 26 });
});

describe('what fails', () => {
  test('and may pass is tried again, the part and not the value', async () => {
    const door = new Door();
    const left = [3, 3, 5, 5, 5];
    door.fails = (index) => {
      const at = left.indexOf(index as number);
      if (at < 0) return undefined;
      left.splice(at, 1);
      return new UnavailableError('a node is gone', 'unknown');
    };
    const { upload, clock } = uploadOf(door, pieces());
    await settled(upload.run([]), clock);
    expect(door.value.equals(whole)).toBe(true);
    expect(door.asked.length).toBe(7 + 5);
    expect(door.begun).toBe(1);
  });

  test('for good ends it, without a manifest', async () => {
    const door = new Door();
    door.fails = (index) => (index === 2 ? new TooLargeError('too much') : undefined);
    const { upload, clock } = uploadOf(door, pieces());
    await expect(settled(upload.run([]), clock)).rejects.toThrow('too much');
    expect(door.committed).toBeUndefined();
    await upload.abort();
    expect(door.freed).toBe('u1');
  });

  test('for longer than patience lasts ends it', async () => {
    const door = new Door();
    door.fails = () => new UnavailableError('nobody is there');
    const { upload, clock } = uploadOf(door, pieces());
    await expect(settled(upload.run([]), clock)).rejects.toThrow('nobody is there');
    expect(clock.monotonicMs()).toBeGreaterThan(clientLimits.partPatienceMs - 2_000);
  });

  test('is known at once while the source gives nothing', async () => {
    const door = new Door();
    door.fails = () => new TooLargeError('too much');
    const { upload, clock } = uploadOf(door, stuck());
    await expect(settled(upload.run([]), clock)).rejects.toThrow('too much');
  });

  test('by a signal ends it at once, with its reason', async () => {
    const door = new Door();
    door.holds = true;
    const controller = new AbortController();
    const { upload } = uploadOf(door, pieces(), { signal: controller.signal });
    const done = upload.run([]);
    await settle();
    controller.abort(new Error('enough'));
    await expect(done).rejects.toThrow('enough');
    for (const answer of door.waiting) answer();
    await upload.abort();
    expect(door.freed).toBe('u1');
  });

  test('of a commit frees nothing: it may be somebody’s value by now', async () => {
    const door = new Door();
    door.fails = (index) =>
      index === 'commit' ? new UnavailableError('lost', 'unknown') : undefined;
    const { upload, clock } = uploadOf(door, pieces());
    await expect(settled(upload.run([]), clock)).rejects.toThrow('lost');
    await upload.abort();
    expect(door.freed).toBeUndefined();
  });
});

describe('resumed', () => {
  test('what is stored is read again, not sent again', async () => {
    const door = new Door();
    const resume = await broken(door);
    expect(resume).toMatchObject({ upload: 'u1', parts: 4 });
    const { upload } = uploadOf(door, pieces(), { resume });
    await upload.run([]);
    expect(door.asked).toEqual([4, 5, 6]);
    expect(door.begun).toBe(1);
    expect(door.value.equals(whole)).toBe(true);
    expect(door.committed).toMatchObject({ upload: 'u1', parts: 7, size: 26 });
  });

  test('from a position that was told on its way, which never goes back', async () => {
    const door = new Door();
    const told: UploadPosition[] = [];
    const onPosition = (position: UploadPosition): void => void told.push(position);
    await uploadOf(door, pieces(), { onPosition }).upload.run([]);
    expect(told.map(({ parts }) => parts)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    door.asked.length = 0;
    const resume = told[4]!;
    told.length = 0;
    await uploadOf(door, pieces(), { resume, onPosition }).upload.run([]);
    expect(door.asked).toEqual([5, 6]);
    expect(told.map(({ parts }) => parts)).toEqual([6, 7]);
    expect(door.value.equals(whole)).toBe(true);
  });

  test.each([
    ['other bytes', Buffer.from(whole.toString().toUpperCase())],
    ['fewer bytes', whole.subarray(0, 10)],
    ['as many as are stored, but others', Buffer.alloc(16)],
  ])('from a source that gives %s: refused, nothing is committed', async (_, text) => {
    const door = new Door();
    const resume = await broken(door);
    const { upload } = uploadOf(door, pieces(text), { resume });
    await expect(upload.run([])).rejects.toThrow(MalformedError);
    expect(door.committed).toBeUndefined();
    // Else the next one would go on behind parts of another source.
    expect(await upload.position()).toEqual(resume);
  });
});

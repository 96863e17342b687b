import { beforeAll, expect, test } from '@jest/globals';
import { frameHead } from '../../../src/store/frame.js';
import { EntryKind, entryPayload } from '../../../src/store/log-entry.js';
import { appended, entryOf, magic, openLog, replayed } from '../../support/log-fixture.js';
import { MemoryDisk } from '../../support/memory-log-directory.js';

const texts = ['first', 'second', 'third', 'fourth', 'fifth'];
const name = 'log-000000000000001';
let whole: MemoryDisk;
/** Length of the log behind each entry. */
const ends: number[] = [];

beforeAll(async () => {
  whole = new MemoryDisk();
  const { log } = openLog(whole);
  for (const text of texts) {
    await appended(log, text);
    ends.push(whole.totalBytes);
  }
  await log.close();
});

function damaged(change: (bytes: Buffer) => Buffer): MemoryDisk {
  const disk = whole.copy();
  const file = disk.files.get(name)!;
  file.bytes = change(Buffer.from(file.bytes));
  file.syncedBytes = file.bytes.length;
  return disk;
}

test('the log cut at every byte: exactly the entries that are whole, then a valid log again', async () => {
  for (let length = 0; length <= ends.at(-1)!; length++) {
    const disk = damaged((bytes) => bytes.subarray(0, length));
    const valid = ends.filter((end) => end <= length);
    const replay = await replayed(disk);
    expect(replay).toMatchObject({
      texts: texts.slice(0, valid.length),
      incomplete: false,
      damaged: [],
      lastSequence: valid.length,
      cutBytes: length - (valid.at(-1) ?? 0),
    });
    const { log } = openLog(disk, replay);
    await appended(log, 'later');
    await log.close();
    const again = await replayed(disk);
    expect(again).toMatchObject({
      texts: [...texts.slice(0, valid.length), 'later'],
      incomplete: false,
      cutBytes: 0,
    });
  }
});

test('any bit of the last entry flipped: exactly the entries before it', async () => {
  for (let bit = ends.at(-2)! * 8; bit < ends.at(-1)! * 8; bit++) {
    const disk = damaged((bytes) => flipped(bytes, bit));
    expect(await replayed(disk)).toMatchObject({
      texts: texts.slice(0, -1),
      incomplete: false,
      damaged: [],
      cutBytes: ends.at(-1)! - ends.at(-2)!,
    });
  }
});

test('any bit of an entry in the middle flipped: the others are saved, the segment is to be quarantined', async () => {
  for (let bit = ends[1]! * 8; bit < ends[2]! * 8; bit++) {
    const disk = damaged((bytes) => flipped(bytes, bit));
    expect(await replayed(disk)).toMatchObject({
      texts: ['first', 'second', 'fourth', 'fifth'],
      incomplete: true,
      damaged: [name],
      lastSequence: 5,
    });
  }
});

test('what a killed process wrote is synced before it counts', async () => {
  const disk = whole.copy();
  disk.files.get(name)!.syncedBytes = ends[1]!;
  await replayed(disk);
  disk.crash();
  expect((await replayed(disk)).texts).toEqual(texts);
});

test('the same damage again before anything was quarantined: still known', async () => {
  const disk = damaged((bytes) => flipped(bytes, ends[1]! * 8 + 300));
  const replay = await replayed(disk);
  const { log } = openLog(disk, { segments: [], lastSequence: replay.lastSequence });
  await appended(log, 'later');
  await log.close();
  expect(await replayed(disk)).toMatchObject({
    texts: ['first', 'second', 'fourth', 'fifth', 'later'],
    incomplete: true,
    damaged: [name],
  });
});

test('damage at the end of a segment that has a successor is no torn tail', async () => {
  const disk = whole.copy();
  const { log } = openLog(disk, { lastSequence: 5 });
  await appended(log, 'sixth');
  await log.close();
  const file = disk.files.get(name)!;
  file.bytes = flipped(Buffer.from(file.bytes), ends.at(-1)! * 8 - 1);
  expect(await replayed(disk)).toMatchObject({
    texts: [...texts.slice(0, -1), 'sixth'],
    incomplete: true,
    damaged: [name],
  });
});

test('nothing whole in the last two segments: what is written next goes beside the damaged one, not into it', async () => {
  const disk = new MemoryDisk();
  const first = openLog(disk, { segmentBytesMax: 1 });
  for (const text of texts.slice(0, 3)) await appended(first.log, text);
  await first.log.close();
  const [, second, third] = [...disk.files.values()];
  second!.bytes = flipped(Buffer.from(second!.bytes), 300);
  third!.bytes = Buffer.alloc(0);
  const { segments, ...replay } = await replayed(disk);
  expect(replay).toMatchObject({ texts: ['first'], damaged: ['log-000000000000002'] });
  const { log } = openLog(disk, { segments, lastSequence: replay.lastSequence });
  await appended(log, 'later');
  await log.close();
  disk.files.delete('log-000000000000002');
  expect((await replayed(disk)).texts).toEqual(['first', 'later']);
});

test('a segment that is gone is noticed, unless the tables cover it', async () => {
  const disk = new MemoryDisk();
  const { log } = openLog(disk, { segmentBytesMax: 1 });
  for (const text of texts) await appended(log, text);
  await log.close();
  disk.files.delete('log-000000000000002');
  expect(await replayed(disk.copy())).toMatchObject({
    texts: ['first', 'third', 'fourth', 'fifth'],
    incomplete: true,
  });
  disk.files.delete('log-000000000000001');
  expect(await replayed(disk.copy(), 2)).toMatchObject({
    texts: ['third', 'fourth', 'fifth'],
    incomplete: false,
  });
});

test('covered segments are left unread, to be removed once the tables are on disk; entries of a half-covered one are skipped', async () => {
  const disk = new MemoryDisk();
  const first = openLog(disk);
  for (const text of texts.slice(0, 2)) await appended(first.log, text);
  first.log.rotate();
  for (const text of texts.slice(2)) await appended(first.log, text);
  await first.log.close();
  const file = disk.files.get(name)!;
  file.bytes = Buffer.from('not a log');
  expect(await replayed(disk, 3)).toMatchObject({
    texts: ['fourth', 'fifth'],
    incomplete: false,
    lastSequence: 5,
    segments: [
      { name, first: 1, last: 2 },
      { name: 'log-000000000000003', first: 3, last: 5 },
    ],
  });
  expect([...disk.files.keys()]).toEqual([name, 'log-000000000000003']);
});

test('a file that was used before: its old entries are neither replayed nor taken for damage', async () => {
  for (const keptEntries of [1, 2, 3]) {
    for (const torn of [0, 1, 30, 70]) {
      const disk = damaged((bytes) => {
        const fresh = segmentBytes(11, ['new one', 'new two', 'new three'].slice(0, keptEntries));
        const half = segmentBytes(11 + keptEntries, ['torn']).subarray(0, torn);
        return Buffer.concat([fresh, half, bytes.subarray(fresh.length + half.length)]);
      });
      disk.files.set('log-000000000000011', disk.files.get(name)!);
      disk.files.delete(name);
      const replay = await replayed(disk, 10);
      expect(replay).toMatchObject({
        texts: ['new one', 'new two', 'new three'].slice(0, keptEntries),
        incomplete: false,
        damaged: [],
        lastSequence: 10 + keptEntries,
      });
      const { log } = openLog(disk, replay);
      await appended(log, 'later');
      await log.close();
      expect((await replayed(disk, 10)).texts.at(-1)).toBe('later');
    }
  }
});

test('a value that looks like a frame is none, even in a damaged segment', async () => {
  const forged = segmentBytes(3, ['forged'], Buffer.from('00000000deadbeef', 'hex'));
  const disk = new MemoryDisk();
  const { log } = openLog(disk);
  await appended(log, 'first');
  const end = disk.totalBytes;
  await appended(log, forged.toString('latin1'));
  await appended(log, 'third');
  await log.close();
  const file = disk.files.get(name)!;
  file.bytes = flipped(Buffer.from(file.bytes), (end + 10) * 8);
  expect((await replayed(disk)).texts).toEqual(['first', 'third']);
});

function flipped(bytes: Buffer, bit: number): Buffer {
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  return bytes;
}

function segmentBytes(first: number, entries: readonly string[], mark = magic): Buffer {
  return Buffer.concat(
    entries.flatMap((text, i) => {
      const payload = entryPayload(entryOf(text));
      return [
        frameHead(mark, { sequence: first + i, kind: EntryKind.merged, payload }),
        ...payload,
      ];
    }),
  );
}

import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { InvalidArgumentError } from 'commander';
import { commandLimits } from '../../../actors/rules/limits/command.js';
import { byteRange } from '../../../src/cli/parsers.js';
import { positionText, resumeOfText } from '../../../src/cli/upload-text.js';
import {
  isSpecialFile,
  openValueFile,
  PartialFile,
  piecesOfFile,
} from '../../../src/cli/value-file.js';
import { digestText } from '../../../src/client/big-entry.js';

let directory = '';
let target = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'quorate-value-file-'));
  target = join(directory, 'out');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const digestOf = (text: string): string => digestText(createHash('sha256').update(text).digest());

describe('a file that is read', () => {
  test('comes whole, in pieces of one buffer', async () => {
    const bytes = Buffer.alloc(2 * commandLimits.filePieceBytes + 1_000, 'abc');
    writeFileSync(target, bytes);
    const { file, size } = await openValueFile(target);
    expect(size).toBe(bytes.length);
    const memory = new Set<ArrayBufferLike>();
    const got: Buffer[] = [];
    for await (const piece of piecesOfFile(file)) {
      memory.add(piece.buffer);
      got.push(Buffer.from(piece));
    }
    await file.close();
    expect(Buffer.concat(got).equals(bytes)).toBe(true);
    expect(memory.size).toBe(1);
  });

  test.each([
    ['is not there', 'absent', /--file: .*ENOENT/],
    ['is a directory', '.', /--file: .*directory/],
  ])('and %s', async (_, name, text) => {
    await expect(openValueFile(join(directory, name))).rejects.toThrow(text);
  });
});

describe('a file that a value is fetched into', () => {
  test('is there when all of it is, and nothing else is left', async () => {
    writeFileSync(target, 'before');
    const partial = await PartialFile.open(target, digestOf('hello'));
    await partial.add(Buffer.from('hel'));
    expect(readFileSync(target, 'utf8')).toBe('before');
    await partial.add(Buffer.from('lo'));
    expect(await partial.finish()).toBe(true);
    expect(readFileSync(target, 'utf8')).toBe('hello');
    expect(readdirSync(directory)).toEqual(['out']);
  });

  test('goes on where an earlier command broke off, if it is of the same value', async () => {
    const first = await PartialFile.open(target, digestOf('hello'));
    await first.add(Buffer.from('hel'));
    await first.keep();
    const other = await PartialFile.open(target, digestOf('another'));
    expect(other.bytes).toBe(0);
    await other.drop();
    const again = await PartialFile.open(target, digestOf('hello'));
    expect(again.bytes).toBe(3);
    await again.add(Buffer.from('lo'));
    expect(await again.finish()).toBe(true);
    expect(readFileSync(target, 'utf8')).toBe('hello');
  });

  test('is not there when it is not what was put, and what was fetched is gone', async () => {
    const partial = await PartialFile.open(target, digestOf('hello'));
    await partial.add(Buffer.from('jello'));
    expect(await partial.finish()).toBe(false);
    expect(readdirSync(directory)).toEqual([]);
  });

  test('can’t be there: that is said', async () => {
    const nowhere = join(directory, 'absent', 'out');
    await expect(PartialFile.open(nowhere, digestOf(''))).rejects.toThrow(/--file: .*ENOENT/);
  });

  test('is no device, which is not to be replaced', async () => {
    writeFileSync(target, '');
    const special = await Promise.all(
      ['/dev/null', directory, target, '/absent'].map(isSpecialFile),
    );
    expect(special).toEqual([true, true, false, false]);
  });
});

describe('words of the command line', () => {
  test('where an upload was is said in one word, and read back', () => {
    const position = { upload: 'A'.repeat(22), parts: 2_048, digest: '-_'.repeat(21) + 'x' };
    expect(resumeOfText(positionText(position))).toEqual({ word: position });
    expect(resumeOfText('./here.position')).toEqual({ file: './here.position' });
    for (const text of [
      '',
      'x.1.y',
      `${positionText(position)}x`,
      positionText({ ...position, parts: 70_000 }),
    ])
      expect(() => resumeOfText(text)).toThrow(InvalidArgumentError);
  });

  test('a range has its last byte in it', () => {
    expect(byteRange('0-499')).toEqual({ from: 0, end: 500 });
    expect(byteRange('7-7')).toEqual({ from: 7, end: 8 });
    expect(byteRange('500-')).toEqual({ from: 500 });
    for (const text of ['', '-5', '5', '9-3', 'a-b', '0x1-2'])
      expect(() => byteRange(text)).toThrow(InvalidArgumentError);
  });
});

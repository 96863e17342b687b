import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { lockDataDirectory } from '../../../src/node/data-directory.js';
import { makePrivate } from '../../../src/node/private-directory.js';

let parent: string;
let path: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'quorate-private-'));
  path = join(parent, 'data', 'n1');
});

afterEach(() => rmSync(parent, { recursive: true, force: true }));

const ours = process.getuid!();
const theirs = 54_321;
/**
 * Who looks at what belongs to another: the superuser can give it away, everybody else has to look
 * as somebody else.
 */
const looker = ours === 0 ? ours : theirs;
const owner = ours === 0 ? theirs : ours;

function give(path: string): void {
  if (ours === 0) lchownSync(path, theirs, theirs);
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

test('private: what is created is for this user alone, above it as well', () => {
  const lock = lockDataDirectory(path);
  expect([modeOf(join(parent, 'data')), modeOf(path)]).toEqual([0o700, 0o700]);
  lock.release();
});

test('private: what an earlier version left open is closed', () => {
  mkdirSync(join(path, 'log'), { recursive: true });
  writeFileSync(join(path, 'log', '1'), 'values');
  for (const [at, mode] of [
    [path, 0o755],
    [join(path, 'log'), 0o777],
    [join(path, 'log', '1'), 0o664],
  ] as const)
    chmodSync(at, mode);
  lockDataDirectory(path).release();
  expect([modeOf(path), modeOf(join(path, 'log')), modeOf(join(path, 'log', '1'))]).toEqual([
    0o700, 0o700, 0o600,
  ]);
});

test('private: a directory of another user is refused, and the text says what to do', () => {
  mkdirSync(path, { recursive: true });
  give(path);
  expect(() => makePrivate(path, looker)).toThrow(
    `${path} belongs to user ${owner}, and this process is user ${looker}: run the node as its owner`,
  );
});

test('private: a file of another user in it is refused', () => {
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'tables'), 'planted');
  if (ours === 0) chownSync(join(path, 'tables'), theirs, theirs);
  expect(() => makePrivate(path, looker)).toThrow(/belongs to user \d+/);
});

test('private: a link of another on the way is refused, one of our own is followed', () => {
  mkdirSync(join(parent, 'elsewhere'));
  symlinkSync(join(parent, 'elsewhere'), join(parent, 'data'));
  makePrivate(path, ours);
  expect(modeOf(join(parent, 'elsewhere', 'n1'))).toBe(0o700);
  give(join(parent, 'data'));
  expect(() => makePrivate(path, looker)).toThrow(
    `${join(parent, 'data')} is a link that belongs to user ${owner}`,
  );
  expect(() => makePrivate(path, looker)).toThrow(join(parent, 'elsewhere', 'n1'));
});

test('private: links in a circle are an error, not an endless walk', () => {
  symlinkSync('b', join(parent, 'a'));
  symlinkSync('a', join(parent, 'b'));
  expect(() => makePrivate(join(parent, 'a', 'n1'), ours)).toThrow(/too many/);
});

test('private: what belongs to the superuser is taken as it is', () => {
  // Only he can set that up.
  if (ours !== 0) return;
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o2775);
  makePrivate(path, theirs);
  expect(modeOf(path)).toBe(0o775);
});

/** What becomes of plain puts while words of other nodes come late, or may. */
import 'reflect-metadata';
import { beforeEach, expect, test } from '@jest/globals';
import { limits } from '../../../actors/rules/limits.js';
import { nothingSeen } from '../../../actors/rules/versions.js';
import { PlainPuts } from '../../../src/api/plain-puts.js';
import { KnownBuckets } from '../../../src/buckets/known-buckets.js';
import { LateWords } from '../../../src/bus/late-words.js';
import type { PutReply, PutRequest } from '../../../src/coordinator/coordinator.js';
import { nodeOptionsDefault } from '../../../src/options/node-options.js';
import { ManualClock } from '../../support/manual-clock.js';

const startMs = 100_000;
const timeoutMs = 5_000;

let clock: ManualClock;
let words: LateWords;
let queue: { isDoubled: boolean };
let plain: PlainPuts;
let done: PutRequest[];
let replies: PutReply[];

beforeEach(() => {
  clock = new ManualClock();
  clock.advance(startMs);
  words = new LateWords(clock);
  done = [];
  replies = [];
  const sink = { put: (request: PutRequest) => void done.push(request) };
  const { defaults } = nodeOptionsDefault;
  const lww = { conflict: 'last-writer-wins' as const };
  const brief = { ttlMs: 5_000 };
  const buckets = new KnownBuckets({ defaults, buckets: { lww, brief } });
  queue = { isDoubled: false };
  plain = new PlainPuts({ readAt: () => sink }, words, queue, buckets, clock);
});

function put(
  value: string,
  more: Partial<PutRequest> & { readonly timeoutMs?: number; readonly unreadMs?: number } = {},
): void {
  const readMs = clock.monotonicMs();
  const request: PutRequest = {
    bucket: 'b',
    key: 'k',
    partition: 0,
    quorum: 2,
    strict: false,
    deadlineMs: readMs + timeoutMs,
    value: Buffer.from(value),
    context: undefined,
    ttlMs: 0,
    operation: '',
    copy: 'first',
    askedMs: readMs,
    onReply: (reply) => void replies.push(reply),
    ...more,
  };
  plain.put(request, { readMs, timeoutMs, unreadMs: 0, ...more });
}

function values(): string[] {
  return done.map(({ value }) => Buffer.from(value!).toString());
}

/** A word came in time, and so long after it a late one. */
function delayed(ms: number): void {
  words.heard('a', clock.monotonicMs());
  clock.advance(ms);
  words.heard('a', clock.monotonicMs() - limits.lateWordMsMax - 1);
}

test('one that may have lain in a route for longer than its author waits is a later copy of itself', () => {
  delayed(timeoutMs);
  put('one');
  expect(done).toMatchObject([{ copy: 'later', askedMs: startMs }]);
  put('two', { bucket: 'lww', operation: 'x' });
  expect(replies).toMatchObject([{ ok: false, error: { code: 503, outcome: 'unknown' } }]);
});

test('one that expires is refused where it would live from when it may have been sent', () => {
  delayed(timeoutMs);
  put('one', { ttlMs: 5_000 });
  put('two', { ttlMs: 5_000, operation: 'x' });
  put('three', { bucket: 'brief' });
  put('four', { bucket: 'brief', value: null });
  put('five', { ttlMs: 5_000, timeoutMs: Infinity });
  expect(replies.map((reply) => !reply.ok && reply.error.outcome)).toEqual([
    'none',
    'unknown',
    'none',
  ]);
  expect(done.map(({ copy }) => copy)).toEqual(['later', 'first']);
});

test('so is one that lay unread here, whichever copy it is', () => {
  put('one', { ttlMs: 5_000, timeoutMs: Infinity, copy: 'later', unreadMs: 800 });
  put('two', { ttlMs: 5_000, timeoutMs: Infinity, unreadMs: 800 });
  put('three', { bucket: 'brief', unreadMs: 800 });
  expect(done).toEqual([]);
  expect(replies.length).toBe(3);
  put('four', { bucket: 'brief', value: null, unreadMs: 800 });
  put('five', { ttlMs: 5_000 });
  expect(done.length).toBe(2);
});

test('one whose author waits still is done as any', () => {
  delayed(timeoutMs - 1);
  put('one');
  put('two', { bucket: 'lww' });
  expect(done).toMatchObject([{ copy: 'first' }, { copy: 'first' }]);
  expect(replies).toEqual([]);
});

test('one that another node may have refused meanwhile is a later copy, though its author would wait', () => {
  delayed(timeoutMs - 1);
  queue.isDoubled = true;
  put('one');
  expect(done.map(({ copy }) => copy)).toEqual(['later']);
});

test('one that says until when is not refused, unless another node may have refused it meanwhile', () => {
  delayed(timeoutMs);
  put('one', { bucket: 'lww', timeoutMs: Infinity });
  expect(done).toMatchObject([{ copy: 'first' }]);
  queue.isDoubled = true;
  put('two', { timeoutMs: Infinity });
  expect(done).toMatchObject([{ copy: 'first' }, { copy: 'later', askedMs: startMs }]);
  put('three', { bucket: 'lww', timeoutMs: Infinity });
  expect(replies).toMatchObject([{ ok: false, error: { code: 503 } }]);
  words.areExpected = true;
  put('four', { timeoutMs: Infinity });
  expect(done).toHaveLength(2);
});

test('one that lay unread here is refused where the last writer wins, also when it says until when', () => {
  put('one', { unreadMs: 800 });
  expect(values()).toEqual(['one']);
  const last = { bucket: 'lww', unreadMs: 800 };
  put('two', last);
  put('three', { ...last, timeoutMs: Infinity, operation: 'x' });
  put('four', { ...last, context: nothingSeen });
  expect(values()).toEqual(['one']);
  expect(replies).toMatchObject([{ ok: false }, { ok: false }, { ok: false }]);
  const errors = replies.map((reply) => (reply.ok ? undefined : reply.error));
  expect(errors).toMatchObject([
    { code: 503, outcome: 'none' },
    { code: 503, outcome: 'unknown' },
    { code: 503, outcome: 'none' },
  ]);
});

test('while late words are expected, blind puts are held, and none overtakes another', () => {
  words.areExpected = true;
  put('one');
  clock.advance(limits.delayedPutMs / 2);
  words.areExpected = false;
  put('two');
  put('with a context', { context: nothingSeen });
  expect(values()).toEqual(['with a context']);
  clock.advance(limits.delayedPutMs / 2);
  expect(values()).toEqual(['with a context', 'one']);
  clock.advance(limits.delayedPutMs / 2);
  expect(values()).toEqual(['with a context', 'one', 'two']);
  put('three');
  expect(values()).toHaveLength(4);
});

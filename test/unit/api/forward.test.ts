import { expect, test } from '@jest/globals';
import { limits } from '../../../actors/rules/limits.js';
import { Forward, rowBytesOf } from '../../../src/api/forward.js';
import type { PutRequest } from '../../../src/coordinator/coordinator.js';
import { encode } from '../../../src/wire/message-pack.js';

/** A row that takes the most beside its value. */
const widest: PutRequest = {
  bucket: 'b'.repeat(limits.bucketBytesMax),
  key: 'k'.repeat(100),
  partition: 0,
  quorum: 2,
  strict: false,
  deadlineMs: 60_000,
  value: Buffer.alloc(2_100),
  context: undefined,
  ttlMs: Number.MAX_SAFE_INTEGER,
  operation: 'o'.repeat(limits.operationIdBytesMax),
  copy: 'later',
  askedMs: -limits.putAgeMsMax,
  copied: undefined,
  onReply: () => undefined,
};

test.each<[string, Pick<PutRequest, 'trace'>]>([
  ['plain', {}],
  ['under the glass', { trace: { id: 'a'.repeat(16), travels: true } }],
])('as many rows as a forward has room for fit a message: %s', (_, trace) => {
  const forward = new Forward('b'.repeat(16), 60_000, 0, { late: false, configuration: 1 });
  const request = { ...widest, ...trace };
  while (forward.hasRoomFor(rowBytesOf(request))) forward.add(request, rowBytesOf(request));
  // What is left of the room.
  const rest = rowBytesOf({ ...request, value: Buffer.alloc(0) });
  for (let length = 2_100; length > 0; length--) {
    const last = { ...request, value: Buffer.alloc(length) };
    if (!forward.hasRoomFor(rest + length)) continue;
    forward.add(last, rest + length);
    break;
  }
  const until = { process: Number.MAX_SAFE_INTEGER, ms: Number.MAX_SAFE_INTEGER };
  const message = encode([1, 'a'.repeat(16), Number.MAX_SAFE_INTEGER, forward.body(until)]);
  expect(forward.requests.length).toBeGreaterThan(400);
  expect(forward.requests.length).toBeLessThan(limits.frameRequestsMax);
  expect(message.length).toBeLessThanOrEqual(limits.messageBytesMax);
});

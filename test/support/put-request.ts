/** A put of bucket b, key k, as a coordinator takes it; nobody waits for its reply. */
import type { PutRequest } from '../../src/coordinator/coordinator.js';
import { seenOf, type Seen } from './seen.js';

export function putRequest(
  over: Omit<Partial<PutRequest>, 'context'> & { readonly context?: Seen },
): PutRequest {
  return {
    bucket: 'b',
    key: 'k',
    partition: 0,
    quorum: 2,
    strict: false,
    deadlineMs: Infinity,
    value: Buffer.from('v'),
    ttlMs: 0,
    operation: '',
    copy: over.operation === undefined || over.operation === '' ? 'first' : 'any',
    askedMs: 0,
    onReply: () => undefined,
    ...over,
    context: seenOf(over.context),
  };
}

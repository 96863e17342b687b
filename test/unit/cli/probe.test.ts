import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { probe } from '../../../src/cli/up/probe.js';
import { ManualClock } from '../../support/manual-clock.js';
import { MemoryNetwork } from '../../support/memory-bus.js';

/** What a node says to a request: an error, or that it is done; undefined: nothing. */
type Answers = Readonly<
  Record<'put' | 'get', { code: number; error: string } | 'done' | undefined>
>;

/** What the probe resolves with where nodes answer so, from the given try on. */
async function probed(
  answers: (tries: number) => Answers,
  { ending = new AbortController(), endsAtMs = Infinity } = {},
): Promise<string | undefined> {
  const network = new MemoryNetwork();
  const clock = new ManualClock();
  const node = network.connect();
  let tries = 0;
  for (const verb of ['put', 'get'] as const)
    node.subscribe(`kv.${verb}.>`, ({ reply }) => {
      if (verb === 'put') tries++;
      const answer = answers(tries)[verb];
      if (answer === undefined) return;
      const headers: Record<string, string> =
        answer === 'done'
          ? {}
          : { 'Nats-Service-Error-Code': `${answer.code}`, 'Nats-Service-Error': answer.error };
      node.publish(reply, Buffer.alloc(0), { headers });
    });
  const progress = { ended: false };
  const result = probe({ bus: network.connect(), clock, prefix: 'kv', signal: ending.signal });
  const end = (): void => {
    progress.ended = true;
  };
  result.then(end, end);
  while (!progress.ended) {
    network.settle();
    await nextTurn();
    clock.advance(50);
    if (clock.monotonicMs() >= endsAtMs) ending.abort();
    // The longest that one who is told to end may take.
    expect(clock.monotonicMs()).toBeLessThan(endsAtMs + 3_000);
  }
  return result;
}

const full = { code: 503, error: 'the disk is full' };
const absent = { code: 404, error: 'no such key' };

test('puts and gets that work, at once or after a while: nothing to say', async () => {
  expect(await probed(() => ({ put: 'done', get: 'done' }))).toBeUndefined();
  const later = await probed((tries) => ({ put: tries < 5 ? full : 'done', get: 'done' }));
  expect(later).toBeUndefined();
});

test('disks are full: gets are served, so the cluster goes on, and why puts are refused is told', async () => {
  expect(await probed(() => ({ put: full, get: absent }))).toBe('the disk is full');
  expect(await probed(() => ({ put: full, get: 'done' }))).toBe('the disk is full');
});

test('neither puts nor gets work: that is no cluster', async () => {
  const gone = { code: 503, error: 'too few nodes' };
  await expect(probed(() => ({ put: gone, get: gone }))).rejects.toThrow(/does not serve: too few/);
  await expect(probed(() => ({ put: undefined, get: undefined }))).rejects.toThrow(/no answer/);
});

test('told to end it asks no more: nobody answers on a bus that is closed', async () => {
  const silent = { put: undefined, get: undefined };
  await expect(probed(() => silent, { endsAtMs: 10_000 })).rejects.toThrow('stopped');
});

import { beforeEach, describe, expect, test } from '@jest/globals';
import { clientLimits } from '../../../actors/rules/limits/client.js';
import { countKeys, KeyListing, listingTermsOf } from '../../../src/client/key-listing.js';
import { Questions } from '../../../src/client/questions.js';
import { DeadlineError, MalformedError, UnavailableError } from '../../../src/errors.js';
import { ManualClock } from '../../support/manual-clock.js';
import { MemoryNetwork, type MemoryBus } from '../../support/memory-bus.js';

type Asked = Readonly<Record<string, unknown>>;
type Answer = object | string | number | undefined;

const usual = { subject: 'kv.keys.b', r: undefined, strict: undefined, timeoutMs: 5_000 };
let network: MemoryNetwork;
let clock: ManualClock;
let node: MemoryBus;
let questions: Questions;
let asked: Asked[];

beforeEach(() => {
  network = new MemoryNetwork();
  clock = new ManualClock();
  node = network.connect();
  asked = [];
  let drawn = 0;
  const random = { below: () => 0, bytes: (count: number) => Buffer.alloc(count, drawn++) };
  questions = new Questions(network.connect(), clock, random);
});

/** A number is refused with, undefined not answered. */
function answerWith(script: (question: Asked, nth: number) => Answer): void {
  node.subscribe('kv.keys.b', ({ data, reply }) => {
    const question = JSON.parse(Buffer.from(data).toString()) as Asked;
    asked.push(question);
    const answer = script(question, asked.length);
    if (typeof answer === 'number')
      node.publish(reply, Buffer.alloc(0), {
        headers: { 'Nats-Service-Error-Code': String(answer), 'Nats-Service-Error': 'no' },
      });
    else if (answer !== undefined)
      node.publish(
        reply,
        Buffer.from(typeof answer === 'string' ? answer : JSON.stringify(answer)),
      );
  });
}

function listing(options: Parameters<typeof listingTermsOf>[0] = {}): KeyListing {
  return new KeyListing((question) => questions.ask(question), listingTermsOf(options, usual));
}

/** Lets messages and promises go on until it has settled, virtual time included. */
async function done<T>(promise: Promise<T>): Promise<T> {
  const state = { isOver: false };
  const over = promise.finally(() => (state.isOver = true));
  over.catch(() => undefined);
  for (let i = 0; i < 2_000 && !state.isOver; i++) {
    network.settle();
    await new Promise((resolve) => setImmediate(resolve));
    if (i % 4 === 3) clock.advance(5);
  }
  return over;
}

const partOf = (question: Asked): number => (question['slice'] as number[])[0]!;

describe('keys of a bucket', () => {
  test('come of all parts, page by page, text and bytes', async () => {
    answerWith((question) => {
      const part = partOf(question);
      if (question['cursor'] === undefined) return { keys: [`a${part}`], cursor: `c${part}` };
      expect(question['cursor']).toBe(`c${part}`);
      return { keys: [`b${part}`, { base64url: '_w' }] };
    });
    const keys = await done(listing({ prefix: 'x', pageKeys: 7 }).all());
    const parts = Array.from({ length: clientLimits.listingParts }, (_, i) => i);
    const texts = keys.filter((key) => typeof key === 'string');
    expect(texts.toSorted()).toEqual(parts.flatMap((i) => [`a${i}`, `b${i}`]).toSorted());
    expect(keys.filter((key) => typeof key !== 'string')).toEqual(
      parts.map(() => Buffer.from([0xff])),
    );
    expect(asked[0]).toMatchObject({ prefix: 'x', limit: 7 });
  });

  test('one by one, and no more once somebody breaks off', async () => {
    answerWith(() => ({ keys: ['a', 'b', 'c'], cursor: 'more' }));
    const found: unknown[] = [];
    const loop = async (): Promise<void> => {
      for await (const key of listing()) {
        found.push(key);
        if (found.length === 5) break;
      }
    };
    await done(loop());
    expect(found).toEqual(['a', 'b', 'c', 'a', 'b']);
    const before = asked.length;
    for (let i = 0; i < 10; i++) {
      network.settle();
      clock.advance(1_000);
    }
    expect(asked.length - before).toBeLessThanOrEqual(clientLimits.listingParts);
  });

  test('a page that nobody takes keeps the next one away', async () => {
    answerWith(() => ({ keys: ['a'], cursor: 'more' }));
    const keys = listing();
    await done(keys.next());
    for (let i = 0; i < 10; i++) network.settle();
    expect(asked.length).toBeLessThanOrEqual(2 * clientLimits.listingParts);
    await keys.return();
  });

  test('pages without a key are passed over', async () => {
    answerWith((question) =>
      question['cursor'] === undefined ? { keys: [], cursor: 'more' } : { keys: ['a'] },
    );
    const keys = listing();
    expect(await done(keys.next())).toEqual({ done: false, value: 'a' });
    expect(await done(listing().all())).toHaveLength(clientLimits.listingParts);
  });

  test('counts are added up', async () => {
    answerWith((question) => {
      expect(question).toMatchObject({ count: true });
      return question['cursor'] === undefined ? { count: 5, cursor: 'more' } : { count: 2 };
    });
    const count = countKeys((question) => questions.ask(question), listingTermsOf({}, usual));
    expect(await done(count)).toBe(7 * clientLimits.listingParts);
  });
});

describe('when a page does not come', () => {
  test('another node is asked: who is silent, overloaded or lacks others may not be alone', async () => {
    const answers: Answer[] = [undefined, 429, 503, 504, 421];
    answerWith((_question, nth) => (nth <= answers.length ? answers[nth - 1] : { keys: ['a'] }));
    expect(await done(listing().all())).toHaveLength(clientLimits.listingParts);
    expect(asked.length).toBe(clientLimits.listingParts + answers.length);
  });

  test.each([
    ['a request nobody understands', 400, MalformedError],
    ['an answer that is none', 'keys', MalformedError],
    ['a page without keys', {}, MalformedError],
    ['keys that are none', { keys: [1] }, MalformedError],
    ['a cursor that is none', { keys: [], cursor: 1 }, MalformedError],
    ['no node that can', 503, UnavailableError],
    ['nobody who says anything', undefined, DeadlineError],
  ])('%s: it ends with an error', async (_what, answer: Answer, error) => {
    answerWith(() => answer);
    await expect(done(listing({ timeoutMs: 2_000 }).all())).rejects.toBeInstanceOf(error);
  });

  test('nor nobody at all, nor once the client is closed', async () => {
    await expect(done(listing({ timeoutMs: 500 }).all())).rejects.toMatchObject({ code: 503 });
    const waiting = listing().all();
    questions.close();
    await expect(done(waiting)).rejects.toBeInstanceOf(UnavailableError);
    await expect(done(listing().all())).rejects.toBeInstanceOf(UnavailableError);
  });

  test('what can be no listing is refused at once', () => {
    expect(() => listing({ pageKeys: 0 })).toThrow(MalformedError);
    expect(() => listing({ r: 0 })).toThrow(MalformedError);
    expect(() => listing({ timeoutMs: 0 })).toThrow(MalformedError);
    expect(() => listing({ prefix: 'x'.repeat(2000) })).toThrow(MalformedError);
  });
});

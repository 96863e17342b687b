/** What a node answers to who has the nodes' password: never more, and never by an exception. */
import 'reflect-metadata';
import { beforeAll, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { insightLimits } from '../../../actors/rules/limits/insight.js';
import { MalformedError } from '../../../src/errors.js';
import { askOf } from '../../../src/insight/asks.js';
import { noteOf } from '../../../src/insight/note-reader.js';
import type { TraceRecorder } from '../../../src/insight/trace-recorder.js';
import type { QuorateNode } from '../../../src/node/compose-node.js';
import type { TreeExchange } from '../../../src/replica/tree-exchange.js';
import {
  decodeDocument,
  encodeDocument,
  type DocumentValue,
} from '../../../src/wire/message-pack.js';
import { NodeWorld } from '../../support/node-world.js';

type Answer = Readonly<Record<string, unknown>>;

let world: NodeWorld;
let node: QuorateNode;

beforeAll(async () => {
  world = new NodeWorld('insight');
  [node] = (await world.cluster()) as [QuorateNode];
  await world.run(3_000);
  await world.request('kv.put.b.k', 'hello');
  await world.request('kv.put.b.l', 'there');
});

async function answerTo(bytes: Uint8Array): Promise<Answer> {
  return decodeDocument(await world.askNode(node, 'insight', bytes)) as Answer;
}

interface Parts {
  readonly exchange: TreeExchange;
  readonly insight: { stop(): void; readonly traces: TraceRecorder };
}

const partsOf = (of: QuorateNode): Parts => (of as unknown as { readonly parts: Parts }).parts;
const ask = (fields: DocumentValue): Promise<Answer> => answerTo(encodeDocument(fields));
const inbox = '_INBOX.watcher';

describe('a question that is none', () => {
  test.each<[string, DocumentValue]>([
    ['a number', 7],
    ['nothing', null],
    ['a list', ['view']],
    ['text', 'view'],
    ['an empty map', {}],
    ['of a kind there is not', { ask: 'secrets' }],
    ['of a kind that is no text', { ask: { ask: 'view' } }],
    ['to watch into nowhere', { ask: 'watch', leaseMs: 5 }],
    ['to watch into another subject', { ask: 'watch', to: '_kv.x.merge', leaseMs: 5 }],
    ['to watch into many subjects', { ask: 'watch', to: '_INBOX.>', leaseMs: 5 }],
    ['to watch into two subjects', { ask: 'watch', to: '_INBOX.a b', leaseMs: 5 }],
    ['to watch into a subject with a gap', { ask: 'watch', to: '_INBOX.a..b', leaseMs: 5 }],
    ['to watch into two lines', { ask: 'watch', to: '_INBOX.a\r\nPUB', leaseMs: 5 }],
    ['to watch too far away', { ask: 'watch', to: `_INBOX.${'x'.repeat(300)}`, leaseMs: 5 }],
    ['to watch for ever', { ask: 'watch', to: inbox, leaseMs: 30_001 }],
    ['to watch for no time', { ask: 'watch', to: inbox, leaseMs: 0 }],
    ['to watch half a millisecond', { ask: 'watch', to: inbox, leaseMs: 0.5 }],
    ['to watch without end', { ask: 'watch', to: inbox, leaseMs: Infinity }],
    ['to watch charts, maybe', { ask: 'watch', to: inbox, leaseMs: 5, charts: 'yes' }],
    ['of what was before the first', { ask: 'timeline', after: -1 }],
    ['of what was behind nothing', { ask: 'timeline', after: 'x' }],
    ['of a trace without id', { ask: 'trace' }],
    ['of a trace of no id', { ask: 'trace', id: 'X'.repeat(16) }],
    ['for more than all requests', { ask: 'sample', rate: 2 }],
    ['for fewer than none', { ask: 'sample', rate: -0.1 }],
    ['for not a number of requests', { ask: 'sample', rate: Number.NaN }],
    ['for slow ones of a year', { ask: 'sample', slowMs: 1e12 }],
    ['for failed ones, maybe', { ask: 'sample', failed: 1 }],
    ['of no key', { ask: 'key', bucket: 'b' }],
    ['of an empty key', { ask: 'key', bucket: 'b', key: '' }],
    ['of a key that is a number', { ask: 'key', bucket: 'b', key: 1 }],
    ['of too long a key', { ask: 'key', bucket: 'b', key: 'x'.repeat(5_000) }],
    ['of keys of no bucket', { ask: 'keys' }],
    ['of too many keys', { ask: 'keys', bucket: 'b', limit: 101 }],
    ['of keys behind a number', { ask: 'keys', bucket: 'b', after: 4 }],
    ['that is too long', { ask: 'view', more: 'x'.repeat(insightLimits.askBytesMax) }],
  ])('%s: is answered with an error', async (_, fields) => {
    expect(await ask(fields)).toEqual({ error: expect.any(String) });
  });

  test.each<[string, string]>([
    ['no bytes', ''],
    ['half a map', '82a3'],
    ['a map that names itself', '81a95f5f70726f746f5f5fc0'],
    ['an extension', 'c70005'],
    ['bytes behind it', '80c0'],
  ])('%s: is answered with an error', async (_, hex) => {
    expect(await answerTo(Buffer.from(hex, 'hex'))).toEqual({ error: expect.any(String) });
  });

  test('a page of keys that is none begins at the first', async () => {
    const all = await ask({ ask: 'keys', bucket: 'b' });
    for (const after of ['%%%', 'AAAA', 'x'.repeat(3_000)])
      expect(await ask({ ask: 'keys', bucket: 'b', after })).toEqual(all);
  });
});

describe('a question', () => {
  test('of the view names what differs, so much of it, and where charts are', async () => {
    const view = await ask({ ask: 'view' });
    const others = Object.keys(view['reach'] as object);
    expect(others).toHaveLength(2);
    expect(view).toMatchObject({ absent: [], hints: {}, differing: [], watchers: 0 });
    const charts = (view['charts'] as unknown[]).map(noteOf);
    expect(charts.map((chart) => chart.kind === 'chart' && chart.chart)).toContain('peer');
    const { exchange } = partsOf(node);
    const many = Array.from({ length: insightLimits.differingMax + 9 }, (_, at) => at);
    Object.defineProperty(exchange, 'differing', { configurable: true, value: many });
    const { differing } = await ask({ ask: 'view' });
    expect(differing).toEqual(many.slice(0, insightLimits.differingMax));
    delete (exchange as { differing?: unknown }).differing;
  });

  test('of what the node fails to say is answered with an error, and ends nothing', async () => {
    const broken = {
      get partition(): never {
        throw new Error('it is broken');
      },
    };
    const { exchange } = partsOf(node);
    Object.defineProperty(exchange, 'differing', { configurable: true, value: [broken] });
    expect(await ask({ ask: 'view' })).toEqual({ error: expect.stringContaining('broken') });
    delete (exchange as { differing?: unknown }).differing;
    expect(world.errors).toEqual([]);
  });

  test('of the time line begins with the start, and goes on where it ended', async () => {
    const { notes, next } = await ask({ ask: 'timeline' });
    expect((notes as unknown[]).map(noteOf)[0]).toMatchObject({ kind: 'event', what: 'start' });
    expect(await ask({ ask: 'timeline', after: next as number })).toEqual({ notes: [], next });
  });

  test('of a key shows the copy; of what is not there, that it is not', async () => {
    expect(await ask({ ask: 'key', bucket: 'b', key: 'k' })).toMatchObject({
      held: true,
      siblings: [{ value: 'hello', bytes: 5, tombstone: false }],
      owedTo: [],
    });
    expect(await ask({ ask: 'key', bucket: 'b', key: 'none' })).toMatchObject({
      held: false,
      dots: [],
      siblings: [],
    });
  });

  test('of keys, by the page', async () => {
    const seen: string[] = [];
    for (let after = '', isFirst = true; isFirst || after !== ''; isFirst = false) {
      const { keys, next } = await ask({ ask: 'keys', bucket: 'b', after, limit: 1 });
      expect((keys as string[]).length).toBeLessThanOrEqual(1);
      seen.push(...(keys as string[]));
      after = next as string;
    }
    expect(seen.sort()).toEqual(['k', 'l']);
    expect(await ask({ ask: 'keys', bucket: 'none' })).toEqual({ keys: [], next: '' });
  });

  test('for sampling says what is in force; that nothing is, when that is said', async () => {
    const wish = { rate: 0.5, slowMs: 20, failed: true };
    expect(await ask({ ask: 'sample', ...wish })).toEqual(wish);
    expect(await ask({ ask: 'sample' })).toEqual({ rate: 0, slowMs: 0, failed: false });
  });

  test('of traces: those there are; of one there is not: nothing', async () => {
    const { traces } = await ask({ ask: 'traces' });
    expect(Array.isArray(traces)).toBe(true);
    expect(await ask({ ask: 'trace', id: '0'.repeat(16) })).toEqual({ notes: [] });
  });

  test('by too many who watch is refused', async () => {
    const { watchersMax } = insightLimits;
    const wish = { ask: 'watch', leaseMs: 100, charts: true };
    for (let at = 0; at < watchersMax; at++)
      expect(await ask({ ...wish, to: `${inbox}${at}` })).toEqual({ until: expect.any(Number) });
    expect(await ask({ ...wish, to: inbox })).toEqual({ error: expect.any(String) });
    await world.run(500);
    expect(await ask({ ask: 'view' })).toMatchObject({ watchers: 0 });
    expect(world.errors).toEqual([]);
  });
});

describe('whatever bytes come', () => {
  const names = ['ask', 'to', 'charts', 'leaseMs', 'after', 'id', 'rate', 'slowMs', 'failed'];
  const word = fc.constantFrom(
    'watch',
    'view',
    'timeline',
    'trace',
    'traces',
    'sample',
    'key',
    'keys',
    '',
    '__proto__',
    inbox,
    '0123456789abcdef',
    'b',
    'k',
  );
  const value: fc.Arbitrary<DocumentValue> = fc.letrec<{ value: DocumentValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.oneof(word, fc.string(), fc.boolean(), fc.constant(null), fc.integer(), fc.double()),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.oneof(word, fc.string()), tie('value'), { maxKeys: 4 }),
    ),
  })).value;
  const question = fc
    .record(
      {
        ...Object.fromEntries(names.map((name) => [name, value])),
        ask: fc.oneof({ weight: 5, arbitrary: word }, { weight: 1, arbitrary: value }),
        leaseMs: fc.oneof(fc.constant(1), value),
        bucket: value,
        key: value,
        limit: fc.oneof(fc.integer(), value),
      },
      { requiredKeys: ['ask'] },
    )
    .map((fields) => encodeDocument(fields as DocumentValue));
  const bent = fc
    .tuple(question, fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat({ max: 6 }))
    .map(([bytes, at, byte, cut]) => {
      const copy = Buffer.from(bytes);
      copy[at % copy.length] = byte;
      return copy.subarray(0, copy.length - cut);
    });
  const anything = fc.oneof(question, bent, fc.uint8Array({ maxLength: 64 }));

  test('they are a question, or are malformed', () => {
    fc.assert(
      fc.property(anything, (bytes) => {
        try {
          expect(typeof askOf(bytes).ask).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('the node answers each with a map, within a message, and goes on', async () => {
    const many = fc.sample(anything, { numRuns: 300, seed: 20 });
    for (let from = 0; from < many.length; from += 100) {
      const some = many.slice(from, from + 100);
      for (const answer of await Promise.all(some.map(answerTo))) {
        expect(answer).toBeInstanceOf(Object);
        const { error } = answer;
        if (error !== undefined) expect(error).not.toMatch(/this node failed/);
      }
    }
    expect(world.errors).toEqual([]);
    expect(await world.request('kv.get.b.k')).toBe('hello');
  });
});

test('a node that stops samples nothing any more: nothing of it is left to wait for', async () => {
  await ask({ ask: 'sample', rate: 1 });
  const { insight } = partsOf(node);
  expect(insight.traces.isSampling).toBe(true);
  insight.stop();
  expect(insight.traces.isSampling).toBe(false);
});

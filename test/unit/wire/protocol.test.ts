import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { actorOf } from '../../../actors/rules/actor.js';
import { KeyPattern } from '../../../actors/rules/key-pattern.js';
import { limits } from '../../../actors/rules/limits.js';
import { consensusLimits } from '../../../actors/rules/limits/consensus.js';
import { unsaid } from '../../../actors/rules/said-configuration.js';
import type { AgreedKey } from '../../../src/wire/protocol/collection.js';
import { MalformedError } from '../../../src/errors.js';
import { encodeDigests } from '../../../src/wire/digests.js';
import { EncodedContext } from '../../../src/wire/encoded-context.js';
import type { PutFrameReply } from '../../../src/wire/frame-replies.js';
import type { PutFrame } from '../../../src/wire/frames.js';
import { encodeContext } from '../../../src/wire/key-state-codec.js';
import { decode, encode } from '../../../src/wire/message-pack.js';
import { understood } from '../../../src/wire/protocol/bodies.js';
import {
  forwardBody,
  forwardOf,
  notOrderedBody,
  orderedBody,
  orderedOf,
} from '../../../src/wire/protocol/forward.js';
import {
  chainBody,
  chainOf,
  surveyedBody,
  surveyedOf,
  fetchedBody,
  fetchedOf,
  voteBody,
  voteOf,
} from '../../../src/wire/protocol/chain.js';
import {
  changesBody,
  changesOf,
  feedBody,
  feedOf,
  keysBody,
  keysOf,
  lastBody,
  lastOf,
  rootsBody,
  rootsOf,
  type FeedFilter,
  type FeedRow,
} from '../../../src/wire/protocol/feed.js';
import { gossipOf, lifeBody, lifeOf, removalBody } from '../../../src/wire/protocol/gossip.js';
import { countBody, countedBody, countedOf, countOf } from '../../../src/wire/protocol/count.js';
import { listBody, listedBody, listedSpansOf, listOf } from '../../../src/wire/protocol/list.js';
import { ListedKeys } from '../../../src/wire/listed-keys.js';
import {
  mergeBody,
  mergeOf,
  mergeReason,
  mergeTraces,
  notOwed,
  tracedMerge,
} from '../../../src/wire/protocol/merge.js';
import {
  foundBody,
  foundOf,
  readBody,
  readOf,
  readTraces,
  tracedRead,
} from '../../../src/wire/protocol/read.js';
import {
  collectionBody,
  collectionOf,
  holdingsBody,
  holdingsOf,
} from '../../../src/wire/protocol/collection.js';
import {
  differingBody,
  differingOf,
  keyRangeBody,
  keyRangeOf,
  leavesBody,
  leavesOf,
  treeQuestionBody,
  treeQuestionOf,
} from '../../../src/wire/protocol/tree.js';
import {
  offerBody,
  offerOf,
  otherwiseHeldBody,
  otherwiseHeldOf,
  type OutlinedKey,
  sentBody,
  sentOf,
  transferBody,
  transferOf,
} from '../../../src/wire/protocol/transfer.js';
import { encodeBatch } from '../../../src/wire/state-batch.js';
import { storageKeyBins } from '../../../src/wire/storage-keys.js';
import type { WireValue } from '../../../src/wire/wire-value.js';

const a = 'a'.repeat(16);
const b = 'b'.repeat(16);
const keys = ['\0\0shop\0one', '\0\x01shop\0two'];
const digests = [
  { hi: 1, lo: 2 },
  { hi: 3, lo: 4 },
];
const outlined: readonly OutlinedKey[] = keys.map((key, i) => {
  const context = encodeContext([{ actor: actorOf('00112233445566ff', 1), counter: i + 1 }]);
  return { key, context: new EncodedContext(context, 0, context.length) };
});
const agreed: readonly AgreedKey[] = keys.map((key, i) => ({ key, digest: digests[i]! }));
const bytes = Buffer.from('state');
const traces = ['0123456789abcdef', 'fedcba9876543210'];
const shorter = agreed.map(({ key, digest }) => ({ key, digest, bytes }));

const spans = [
  { partition: 0, after: 'b', upTo: 'd', root: { hi: 5, lo: 2 ** 32 - 1 } },
  { partition: 7, after: '', upTo: undefined, root: { hi: 7, lo: 0 } },
  { partition: 255, after: '', upTo: undefined, root: undefined },
];
const listed = new ListedKeys();
listed.add('c', { hi: -1, lo: 2 }, true);
listed.add('c\xff', { hi: 3, lo: -4 }, false);
const asked = {
  remainingMs: 5,
  configuration: 17,
  side: undefined,
  bucket: 'shop',
  prefix: 'c',
  spans,
};

/** As it arrives. */
function sent(body: readonly WireValue[]): readonly WireValue[] {
  return decode(encode(body)) as readonly WireValue[];
}

const clock = { process: 7, ms: 1234 };
const frame: PutFrame = {
  kind: 'put',
  bucket: 'shop',
  quorum: 2,
  strict: false,
  timeoutMs: 500,
  keys: [Buffer.from('one'), Buffer.from('two')],
  values: [Buffer.from('value'), null],
  contexts: [null, Buffer.alloc(2)],
  operations: ['op1', 'op2'],
  ttls: null,
  until: clock,
  sooner: null,
  ages: [0, null],
  copied: [null, [{ operation: 'before', leftMs: 12 }]],
  configuration: 17,
};
const reply: PutFrameReply = {
  kind: 'put',
  contexts: [Buffer.alloc(2), null],
  receipts: ['w=2/2'],
  receiptOf: null,
  errors: [{ index: 1, code: 503, outcome: 'unknown', message: 'no' }],
  clock,
};
const refusal = { code: 504, outcome: 'none' as const, message: 'late', clock };
const { ballotRoundMax } = consensusLimits;
const ballot = { round: ballotRoundMax, proposer: a };
const configuration = Buffer.from('a configuration');
const grounds = { configuration: 17, holders: [a, b] };

const life = '0123456789abcdef';
const filter: FeedFilter = {
  bucket: 'b',
  pattern: KeyPattern.of('a.>')!,
  values: true,
  deleted: true,
};
const feedRows: readonly FeedRow[] = [
  { key: 'a', shown: 'live', context: bytes, siblings: 2, values: [bytes, null] },
  { key: '\xff', shown: 'deleted', context: bytes, siblings: 0, values: undefined },
  { key: 'c', shown: 'expired', context: bytes, siblings: 0, values: undefined },
];

const sized = { bucket: 'shop', partition: 255, after: '\0\xffshop\0a' };
const counted = {
  keys: 3,
  bytes: 70_000,
  tombstones: 1,
  siblings: 1,
  hints: 2,
  upTo: '\0\xffshop\0b',
};

/** A message, what reading it gives, and how it is read. */
const messages: readonly (readonly [
  name: string,
  body: readonly WireValue[],
  read: (body: readonly WireValue[]) => unknown,
  meaning: unknown,
])[] = [
  [
    'merge',
    mergeBody(mergeReason.hint, b, 20.5, bytes, unsaid),
    mergeOf,
    [2, b, 20.5, bytes, null],
  ],
  [
    'merge for itself, by a configuration',
    mergeBody(mergeReason.put, notOwed, 1, bytes, 2 ** 32 - 1),
    mergeOf,
    [0, '', 1, bytes, 2 ** 32 - 1],
  ],
  [
    'merge, traced',
    tracedMerge(mergeBody(mergeReason.put, notOwed, 1, bytes, 17), traces),
    (body) => [mergeOf(body).slice(0, 5), mergeTraces(body)],
    [[0, '', 1, bytes, 17], traces],
  ],
  [
    'read, traced',
    tracedRead(readBody(100, storageKeyBins(keys), encodeDigests(digests), 17), traces),
    (body) => [readOf(body), readTraces(body)],
    [{ remainingMs: 100, keys, digests, configuration: 17, part: undefined }, traces],
  ],
  [
    'read',
    readBody(100, storageKeyBins(keys), encodeDigests(digests), 17),
    readOf,
    { remainingMs: 100, keys, digests, configuration: 17, part: undefined },
  ],
  [
    'read, in parts',
    readBody(100, storageKeyBins(keys), encodeDigests(digests), unsaid, { part: 2 }),
    readOf,
    { remainingMs: 100, keys, digests, configuration: null, part: 2 },
  ],
  [
    'read, of one side of a move',
    readBody(100, storageKeyBins(keys), encodeDigests(digests), 17, { side: 0 }),
    readOf,
    { remainingMs: 100, keys, digests, configuration: 17, part: undefined, side: 0 },
  ],
  ['found', foundBody([1], [bytes], 2), (body) => foundOf(body, 2), [[1], [bytes], 2]],
  [
    'found, a part',
    foundBody([1], [bytes], 2, [3, encodeDigests(digests.slice(1))]),
    (body) => foundOf(body, 2),
    [[1], [bytes], 2, [3, encodeDigests(digests.slice(1))]],
  ],
  ['found, nothing', foundBody([], [], 1), (body) => foundOf(body, 2), [[], [], 1]],
  ...(
    [
      { kind: 'roots', partitions: [0, 255], roots: digests },
      { kind: 'leaves', partition: 3 },
      { kind: 'keys', partition: 3, leaves: [0, 9], after: keys[0]! },
    ] as const
  ).map(
    (question) =>
      [
        `tree ${question.kind}`,
        treeQuestionBody(question),
        (body: readonly WireValue[]) => treeQuestionOf(body, 256),
        question,
      ] as const,
  ),
  ['differing', differingBody([1, 255]), differingOf, [1, 255]],
  ['leaves', leavesBody(digests), (body) => leavesOf(body, 2), digests],
  ['keys', keyRangeBody({ keys: agreed, upTo: '' }), keyRangeOf, { keys: agreed, upTo: '' }],
  ...(
    [
      { ...grounds, kind: 'survey', keys: agreed },
      { ...grounds, kind: 'collect', keys: agreed },
      { ...grounds, kind: 'replace', replacements: shorter },
    ] as const
  ).map(
    (order) => [`collection ${order.kind}`, collectionBody(order), collectionOf, order] as const,
  ),
  ['holdings', holdingsBody([0, 3]), (body) => holdingsOf(body, 2), [0, 3]],
  ...(
    [
      { kind: 'offer', layout: 7, direction: 0, partitions: [0, 255] },
      { kind: 'states', layout: 7, direction: 1, partition: 3, after: keys[0]! },
      { kind: 'held', layout: 7, keys: agreed },
      { kind: 'replaced', layout: 7, keys: outlined },
    ] as const
  ).map(
    (question) =>
      [
        `transfer ${question.kind}`,
        transferBody(question),
        (body: readonly WireValue[]) => transferOf(body, 256),
        question,
      ] as const,
  ),
  ['offer', offerBody([0, 100_000]), (body) => offerOf(body, 2), [0, 100_000]],
  [
    'sent',
    sentBody({ batch: bytes, upTo: keys[1]!, isWhole: true, restMs: 17 }),
    (body) => sentOf(body, keys[0]!),
    { batch: bytes, upTo: keys[1]!, isWhole: true, restMs: 17 },
  ],
  ['otherwise held', otherwiseHeldBody([0, 9]), (body) => otherwiseHeldOf(body, 10), [0, 9]],
  ['forward', forwardBody(frame), forwardOf, frame],
  [
    'forward, traced',
    forwardBody({ ...frame, copied: null, traces: [traces[0]!, null] }),
    forwardOf,
    { ...frame, copied: null, traces: [traces[0]!, null] },
  ],
  ['ordered', orderedBody(reply), (body) => orderedOf(body, 2), reply],
  [
    'not ordered',
    notOrderedBody(refusal),
    (body) => orderedOf(body, 2),
    { kind: 'refusal', ...refusal },
  ],
  ...[undefined, configuration].map((agreed) => {
    const word = { configuration, agreed, votes: true, heard: [a] };
    return ['surveyed', surveyedBody(word), surveyedOf, word] as const;
  }),
  ['removal', removalBody(a), gossipOf, { kind: 'removal', target: a }],
  ['life', lifeBody({ generation: 3, epochs: 9 }), lifeOf, { generation: 3, epochs: 9 }],
  ...(
    [
      { kind: 'prepare', instance: 1, ballot },
      { kind: 'accept', instance: 2 ** 32 - 1, ballot, value: configuration },
      { kind: 'fetch' },
      { kind: 'survey' },
      { kind: 'recover', question: { kind: 'prepare', instance: 1, ballot } },
      {
        kind: 'recover',
        question: { kind: 'accept', instance: 9, ballot, value: configuration },
      },
      { kind: 'chosen', configuration },
    ] as const
  ).map((question) => [`chain ${question.kind}`, chainBody(question), chainOf, question] as const),
  ...(
    [
      { kind: 'last', life, after: 5, waitMs: 100 },
      { kind: 'roots', life: '', after: 0, from: 3 },
      { kind: 'changes', life, after: 2 ** 40, partitions: new Set([0, 15]), filter },
      { kind: 'keys', partitions: new Set([2]), after: '', filter: { ...filter, values: false } },
    ] as const
  ).map(
    (question) =>
      [
        `feed ${question.kind}`,
        feedBody(question, 16),
        (body: readonly WireValue[]) => feedOf(body, 16),
        question,
      ] as const,
  ),
  ['feed last, answered', lastBody({ life, last: 9 }), lastOf, { life, last: 9 }],
  [
    'feed roots, answered',
    rootsBody({ life, last: 9, partitions: [3, 7], roots: digests, next: 8 }),
    (body) => rootsOf(body, 16),
    { life, last: 9, partitions: [3, 7], roots: digests, next: 8 },
  ],
  [
    'feed changes, answered',
    changesBody({ life, last: 9, upTo: 7, rows: feedRows }),
    (body) => changesOf(body, 5),
    { life, last: 9, upTo: 7, rows: feedRows },
  ],
  [
    'feed changes, too old',
    changesBody({ life, last: 9, upTo: undefined, rows: [] }),
    (body) => changesOf(body, 5),
    { life, last: 9, upTo: undefined, rows: [] },
  ],
  [
    'feed keys, answered',
    keysBody({ life, last: 9, rows: feedRows, upTo: keys[0]! }),
    (body) => keysOf(body, ''),
    { life, last: 9, rows: feedRows, upTo: keys[0]! },
  ],
  ...(
    [
      ['prepare', { kind: 'promised', accepted: undefined }],
      ['prepare', { kind: 'promised', accepted: { ballot, value: configuration } }],
      ['accept', { kind: 'accepted' }],
      ['accept', { kind: 'outvoted', ballot }],
      ['prepare', { kind: 'superseded', configuration }],
      ['prepare', { kind: 'behind' }],
      ['accept', { kind: 'abstaining' }],
    ] as const
  ).map(
    ([to, vote]) =>
      [
        `${vote.kind}, to ${to}`,
        voteBody(vote),
        (body: readonly WireValue[]) => voteOf(body, to),
        vote,
      ] as const,
  ),
  ['fetched', fetchedBody(configuration), fetchedOf, configuration],
  ['count', countBody(sized), (body) => countOf(body, 256), sized],
  ['counted', countedBody(counted), (body) => countedOf(body, ''), counted],
  ['list', listBody(asked), (body) => listOf(body, 256), asked],
  [
    'a list of a side',
    listBody({ ...asked, side: 1 }),
    (body) => listOf(body, 256),
    { ...asked, side: 1 },
  ],
  ['listed', listedBody([listed, 'same']), (body) => listedSpansOf(body, spans), [listed, 'same']],
];

describe('bodies', () => {
  test.each(messages)('%s: read as it was built', (_name, body, read, meaning) => {
    expect(read(sent(body))).toEqual(meaning);
  });

  test.each(messages)('%s, damaged: understood, or a MalformedError', (_name, body, read) => {
    const whole = encode(body);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(whole);
        changed[at] = byte;
        for (const damaged of [changed, whole.subarray(0, at)])
          understood(() => read(decode(damaged) as readonly WireValue[]));
      }),
      { seed: 20_261_128, numRuns: 300 },
    );
  });

  test.each(messages)('%s: none with a part more or less', (_name, body, read) => {
    const parts = sent(body);
    expect(() => read([])).toThrow(MalformedError);
    if (parts.length > 1) expect(() => read(parts.slice(1))).toThrow(MalformedError);
    expect(() => read([...parts, null, null])).toThrow(MalformedError);
  });
});

describe('what is refused', () => {
  const refused: readonly (readonly [string, () => unknown])[] = [
    ['a merge for no reason there is', () => mergeOf([5, '', 1, bytes, null])],
    ['a merge by half a configuration', () => mergeOf([0, '', 1, bytes, 0.5])],
    ['a read by a configuration in words', () => readOf([1, [], Buffer.alloc(0), 'new'])],
    ['a merge for half a reason', () => mergeOf([0.5, '', 1, bytes, null])],
    ['a hint for who is no node', () => mergeOf([0, 'kv.put.a.b', 1, bytes, null])],
    ['a read of a key without a name', () => readOf([1, [Buffer.alloc(2)], Buffer.alloc(8), null])],
    [
      'a read with a digest too few',
      () => readOf([1, storageKeyBins(keys), Buffer.alloc(8), null]),
    ],
    ['half a part', () => readOf([1, [], Buffer.alloc(0), null, 0.5])],
    ['a part of a state without a digest', () => foundOf([[0], [bytes], 1, [1, bytes]], 1)],
    ['a part of a state with parts in words', () => foundOf([[0], [bytes], 1, ['1', bytes]], 1)],
    ['a transfer by half a layout', () => transferOf(['offer', 0.5, Buffer.alloc(0)], 256)],
    ['a transfer of a partition there is not', () => transferOf(['states', 1, 256, bytes], 256)],
    ['an offer of one too', () => transferOf(['offer', 1, Buffer.from([1, 0])], 256)],
    ['a transfer that is none', () => transferOf(['keys', 1, 2, bytes], 256)],
    [
      'keys to drop with a digest too few',
      () => transferOf(['held', 1, storageKeyBins(keys), Buffer.alloc(8)], 256),
    ],
    [
      'keys with a context too few',
      () => transferOf(['replaced', 1, storageKeyBins(keys), [Buffer.alloc(2)]], 256),
    ],
    [
      'a context with bytes behind it',
      () => transferOf(['replaced', 1, storageKeyBins(keys), keys.map(() => Buffer.alloc(3))], 256),
    ],
    [
      'half a context',
      () => transferOf(['replaced', 1, storageKeyBins(keys), keys.map(() => Buffer.alloc(1))], 256),
    ],
    ['an offer too few', () => offerOf(offerBody([1]), 2)],
    ['an offer of a key and a half', () => offerOf([[1.5]], 1)],
    ['states that end where they begin', () => sentOf([bytes, Buffer.from('b'), true, 0], 'b')],
    ['a key that was not asked for', () => otherwiseHeldOf(otherwiseHeldBody([2]), 2)],
    ['an answer about one key and a half', () => foundOf([[], [], 1.5], 2)],
    ['an answer about more keys than were asked for', () => foundOf([[], [], 3], 2)],
    ['an answer about none', () => foundOf([[], [], 0], 2)],
    ['a state of a key the answer is not about', () => foundOf([[1], [bytes], 1], 2)],
    ['a key with half an index', () => foundOf([[0.5], [bytes], 2], 2)],
    ['a state without a key', () => foundOf([[], [bytes], 2], 2)],
    ['a partition there is not', () => treeQuestionOf(['leaves', 256], 256)],
    ['a question that is none', () => treeQuestionOf(['branches', 1], 256)],
    ['a tree of another width', () => leavesOf(leavesBody(digests), 3)],
    [
      'an order that is none',
      () => collectionOf(['keep', 1, Buffer.alloc(0), [], Buffer.alloc(0)]),
    ],
    ['a holding there is not', () => holdingsOf([Buffer.from([4])], 1)],
    ['a holding too few', () => holdingsOf([Buffer.from([0])], 2)],
    ['a count of a partition there is not', () => countOf(countBody(sized), 255)],
    [
      'a count of a bucket too long',
      () => countOf(countBody({ ...sized, bucket: 'b'.repeat(65) }), 256),
    ],
    ['counts that do not go on', () => countedOf(countedBody(counted), counted.upTo)],
    ['fewer than no keys', () => countedOf(countedBody({ ...counted, keys: -1 }), '')],
    ['a list of nothing', () => listOf(listBody({ ...asked, spans: [] }), 256)],
    ['a list of a partition there is not', () => listOf(listBody(asked), 255)],
    [
      'keys beyond what was asked for',
      () => listedSpansOf(listedBody([listed]), [{ ...spans[0]!, upTo: 'c' }]),
    ],
    [
      'keys before what was asked for',
      () => listedSpansOf(listedBody([listed]), [{ ...spans[0]!, after: 'c' }]),
    ],
    ['the same as nothing', () => listedSpansOf(listedBody(['same']), spans.slice(2))],
    ['lists of nothing', () => listedSpansOf(listedBody([]), spans)],
    [
      'more lists than were asked for',
      () => listedSpansOf(listedBody([listed, listed]), spans.slice(1, 2)),
    ],
    [
      'keys that go back',
      () =>
        listedSpansOf(
          [[[true, Buffer.from('\0\x01b\0\x01a'), Buffer.alloc(16), Buffer.alloc(2)]]],
          spans.slice(1),
        ),
    ],
    [
      'a list that goes nowhere',
      () => listedSpansOf([[[false, Buffer.alloc(0), Buffer.alloc(0), Buffer.alloc(0)]]], spans),
    ],
    ['gets passed on', () => forwardOf([[1, 1, 'shop', 1, false, 5, [Buffer.from('k')]]])],
    ['an answer to gets', () => orderedOf([[1, 1, [null], [null], [], null, null, null]], 1)],
    ['the removal of what is no node', () => gossipOf(['remove', '*'])],
    ['a life from the far future', () => lifeOf([2 ** 31 + 1, 0])],
    ['a ballot of round zero', () => chainOf(['prepare', 1, 0, a])],
    ['a ballot beyond the last', () => chainOf(['prepare', 1, ballotRoundMax + 1, a])],
    ['a ballot of who is no node', () => voteOf(['outvoted', 1, 'kv.put.a.b'], 'prepare')],
    ['a question about what follows nothing', () => chainOf(['prepare', 0, 1, a])],
    ['a question about what no number has', () => chainOf(['prepare', 2 ** 32, 1, a])],
    ['a configuration without a byte', () => fetchedOf([Buffer.alloc(0)])],
    [
      'a configuration longer than any',
      () => chainOf(['accept', 1, 1, a, Buffer.alloc(limits.configurationBytesMax + 1)]),
    ],
    ['a question of another kind', () => chainOf(['decide', 1, 1, a])],
    ['a promise to who asked to accept', () => voteOf(['promised'], 'accept')],
    ['an acceptance of nothing', () => voteOf(['accepted'], 'prepare')],
    ['half of what was accepted', () => voteOf(['promised', 1, a], 'prepare')],
    ['a vote of another kind', () => voteOf(['chosen'], 'prepare')],
    [
      'a batch that is torn',
      () => collectionOf(['replace', 1, Buffer.alloc(0), Buffer.alloc(8), encodeBatch([])]),
    ],
  ];
  test.each(refused)('%s', (_what, read) => {
    expect(read).toThrow(MalformedError);
  });
});

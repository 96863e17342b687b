import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { JoinWish, Member } from '../../../actors/rules/membership.js';
import { gossipLimits } from '../../../actors/rules/limits/gossip.js';
import { MalformedError } from '../../../src/errors.js';
import type { WireValue } from '../../../src/wire/message-pack.js';
import { decode, encode } from '../../../src/wire/message-pack.js';
import {
  decodeMember,
  decodeVote,
  encodeMember,
  encodeVote,
} from '../../../src/wire/member-rows.js';
import { claimBody, claimOf, gossipOf, twinBody } from '../../../src/wire/protocol/gossip.js';
import { newsBody, newsOf, type News } from '../../../src/wire/protocol/news.js';

const seed = 20_240_808;
const nodeId = fc
  .bigInt({ min: 1n, max: 2n ** 64n - 1n })
  .map((id) => id.toString(16).padStart(16, '0'));
const ids = fc.uniqueArray(nodeId, { maxLength: 12 }).map((list) => list.sort());
const label = fc.string({ maxLength: 30, unit: 'grapheme' });
const age = {
  generation: fc.integer({ min: 0, max: 2 ** 31 }),
  heartbeat: fc.integer({ min: 0, max: 2 ** 47 }),
};
const wish: fc.Arbitrary<JoinWish> = fc.record(
  {
    join: fc.constantFrom<JoinWish['join']>('auto', 'ask'),
    replaces: label,
    founds: fc.constant(false),
  },
  { requiredKeys: ['join', 'replaces'] },
);
const member: fc.Arbitrary<Member> = fc.record(
  {
    id: nodeId,
    name: label,
    host: label,
    zone: label,
    weight: fc.double({ min: 0.01, max: 64, noNaN: true }),
    pid: fc.nat(),
    ...age,
    epochs: fc.integer({ min: 0, max: 2 ** 47 }),
    status: fc.constantFrom('joining', 'active', 'left'),
    wish,
  },
  {
    requiredKeys: [
      'id',
      'name',
      'host',
      'zone',
      'weight',
      'pid',
      'generation',
      'heartbeat',
      'epochs',
      'status',
    ],
  },
);
const opinion = fc.constantFrom('heard', 'silent', 'down', 'gone', 'absent');
const partitions = 77;
const received = fc
  .uniqueArray(fc.nat(partitions - 1), { maxLength: 9 })
  .map((list) => list.sort((x, y) => x - y));
const progress = fc.record(
  {
    layout: fc.nat(),
    received,
    isEmpty: fc.boolean(),
    emptied: fc.array(fc.constantFrom('shop', '\xff'), { minLength: 1, maxLength: 16 }),
  },
  { requiredKeys: ['layout', 'received', 'isEmpty'] },
);
const chain = fc.record({
  cluster: fc.nat(),
  number: fc.nat(),
  recovery: fc.nat(),
  progress: fc.option(progress, { nil: undefined }),
});
const vote = fc.record({ attempt: fc.nat(), stored: ids, founders: ids });
const news: fc.Arbitrary<News> = fc.record({
  clock: fc.record({
    process: fc.nat(),
    ms: fc.nat(),
    wallMs: fc.nat(),
    yours: fc.record({ process: fc.nat(), ms: fc.nat() }),
  }),
  asks: fc.constantFrom('nothing', 'sign', 'rows'),
  settings: fc.record({
    partitions: fc.constant(partitions),
    bucketsHash: fc.nat(),
    quorumsHash: fc.nat(),
  }),
  vote: fc.option(vote, { nil: undefined }),
  hangingBeats: fc.nat(gossipLimits.hangingBeatsMax),
  chain: fc.option(chain, { nil: undefined }),
  vitals: ids.chain((list) =>
    fc.tuple(...list.map((id) => fc.record({ id: fc.constant(id), ...age, opinion }))),
  ),
  rows: fc.array(member, { maxLength: 12 }),
});

function rejects(parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedError);
  }
}

describe('gossip', () => {
  test.each([
    ['generation', 2 ** 32 - 1],
    ['heartbeat', 2 ** 48 - 1],
  ])('nobody can be made to go on from the last %s there is', (field, value) => {
    const vital = { id: 'a'.repeat(16), generation: 1, heartbeat: 1, opinion: 'heard' as const };
    const clock = { process: 1, ms: 2, wallMs: 3, yours: { process: 4, ms: 5 } };
    const told: News = {
      asks: 'nothing',
      settings: { partitions: 256, bucketsHash: 1, quorumsHash: 2 },
      vote: { attempt: 0, stored: [], founders: [] },
      chain: undefined,
      vitals: [{ ...vital, [field]: value }],
      hangingBeats: 0,
      rows: [],
      clock,
    };
    const read = (): unknown => newsOf(decode(encode(newsBody(told))) as readonly WireValue[]);
    expect(read).toThrow('vitals from the far future');
  });

  test('news arrive as they were sent', () => {
    fc.assert(
      fc.property(news, (told) => {
        expect(newsOf(decode(encode(newsBody(told))) as readonly WireValue[])).toEqual(told);
      }),
      { seed, numRuns: 300 },
    );
  });

  test('members and founders come back from the disk as they were', () => {
    fc.assert(
      fc.property(member, vote, ids, (row, cast, founders) => {
        expect(decodeMember(encodeMember(row))).toEqual(row);
        expect(decodeVote(encodeVote(cast))).toEqual(cast);
        // As written by earlier versions.
        const before = encode(Buffer.from(founders.join(''), 'hex'));
        expect(decodeVote(before)).toEqual({ attempt: 0, stored: founders, founders });
      }),
      { seed, numRuns: 300 },
    );
  });

  test('claims, asked and answered', () => {
    const claim = { instance: 7, generation: 3, pid: 42 };
    expect(gossipOf(claimBody(claim))).toEqual({ kind: 'claim', claim });
    expect(claimOf(twinBody(claim))).toEqual(claim);
    expect(() => gossipOf(['claim', -1, 2, 3])).toThrow(MalformedError);
  });

  test('with any one byte changed, or cut anywhere: understood or a MalformedError, nothing else', () => {
    fc.assert(
      fc.property(news, fc.nat(), fc.nat(255), (told, at, byte) => {
        const bytes = encode(newsBody(told));
        const changed = Buffer.from(bytes);
        changed[at % bytes.length] = byte;
        for (const damaged of [changed, bytes.subarray(0, at % bytes.length)])
          rejects(() => newsOf(decode(damaged) as readonly WireValue[]));
      }),
      { seed, numRuns: 1000 },
    );
  });

  const row = ['00000000000000aa', 'n', 'h', 'z', 1, 1, 1, 1, 1];
  test.each([
    ['an id that is none', ['xy', ...row.slice(1)]],
    ['a weight of 0', [...row.slice(0, 4), 0, ...row.slice(5)]],
    ['a weight that is no number', [...row.slice(0, 4), Number.NaN, ...row.slice(5)]],
    ['a name of 200 bytes', [row[0]!, 'é'.repeat(100), ...row.slice(2)]],
    ['a status there is not', [...row.slice(0, 8), 3]],
    ['a column too many', [...row, 1, 1]],
  ])('refuses a member with %s', (_what, bad) => {
    expect(() => decodeMember(encode(row))).not.toThrow();
    expect(() => decodeMember(encode(bad))).toThrow(MalformedError);
  });

  test('refuses vitals that name a member twice', () => {
    const vital = {
      id: '00000000000000aa',
      generation: 1,
      heartbeat: 1,
      opinion: 'heard',
    } as const;
    const told = {
      asks: 'nothing' as const,
      settings: { partitions: 1, bucketsHash: 1, quorumsHash: 2 },
      vote: { attempt: 0, stored: [], founders: [] },
      chain: undefined,
      vitals: [vital, vital],
      hangingBeats: 0,
      rows: [],
      clock: { process: 1, ms: 2, wallMs: 3, yours: { process: 4, ms: 5 } },
    };
    expect(() => newsOf(newsBody(told))).toThrow(MalformedError);
  });

  test.each([-1, 1.5, gossipLimits.hangingBeatsMax + 1, 2 ** 40])(
    'refuses a word that is to be passed on for %d beats',
    (hangingBeats) => {
      const told = {
        asks: 'nothing' as const,
        settings: { partitions: 1, bucketsHash: 1, quorumsHash: 2 },
        vote: undefined,
        chain: undefined,
        vitals: [],
        hangingBeats,
        rows: [],
        clock: { process: 1, ms: 2, wallMs: 3, yours: { process: 4, ms: 5 } },
      };
      expect(() => newsOf(newsBody(told))).toThrow(/no number of beats/);
    },
  );
});

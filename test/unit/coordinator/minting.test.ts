/**
 * What a put leaves and what its author is handed back, against a model that keeps for each write
 * the set of writes its author had seen.
 */
import { describe, expect, test } from '@jest/globals';
import { array, assert, constantFrom, integer, oneof, property, record } from 'fast-check';
import { bucketOptionsDefault, type BucketOptions } from '../../../actors/rules/bucket.js';
import { limits } from '../../../actors/rules/limits.js';
import { partLimits } from '../../../actors/rules/limits/parts.js';
import { partBucket } from '../../../actors/rules/part-names.js';
import { lastWritten, valuesOf } from '../../../actors/rules/view.js';
import type { Context, Dot, KeyState, Sibling } from '../../../actors/rules/versions.js';
import {
  covers,
  emptyContext,
  emptyState,
  merge,
  mergeContexts,
  nothingSeen,
} from '../../../actors/rules/versions.js';
import { absentRecord, type LocalRecord } from '../../../src/coordinator/local-record.js';
import type { MintedPut } from '../../../src/coordinator/minting.js';
import {
  OperationReusedError,
  TooManySiblingsError,
  UnavailableError,
  UploadError,
} from '../../../src/errors.js';
import { decodeContext, decodeSeen } from '../../../src/wire/key-state-codec.js';
import { LoneMinter } from '../../support/lone-minter.js';
import { putRequest } from '../../support/put-request.js';

type PutAsk = Parameters<typeof putRequest>[0];

const bucket = bucketOptionsDefault;

function minters(count: number): LoneMinter[] {
  return Array.from({ length: count }, (_, i) => new LoneMinter(`${i}`.repeat(16)));
}

type Step =
  | { readonly what: 'get'; readonly author: number; readonly at: number }
  | { readonly what: 'put'; readonly author: number; readonly at: number; readonly blind: boolean }
  | { readonly what: 'send'; readonly from: number; readonly to: number };

/** Dots by name. */
type Seen = Set<string>;
const nameOf = ({ dot }: Sibling): string =>
  `${Buffer.from(dot.actor, 'latin1').toString('hex')}:${dot.counter}`;

/**
 * Three coordinators of one key, three authors; returns the writes the model says nobody replaced,
 * and what is left.
 */
function play(steps: readonly Step[]): { readonly wanted: Seen; readonly left: Seen } {
  const mint = minters(3);
  const held: LocalRecord[] = [absentRecord, absentRecord, absentRecord];
  const authors = [0, 1, 2].map(() => ({
    context: nothingSeen,
    seen: new Set<string>(),
  }));
  const writes: Seen = new Set();
  const replaced: Seen = new Set();
  for (const step of steps) {
    if (step.what === 'send') {
      const from = held[step.from]!;
      const to = held[step.to]!;
      held[step.to] = { ...to, state: merge(to.state, from.state) };
      continue;
    }
    const author = authors[step.author]!;
    const { state } = held[step.at]!;
    if (step.what === 'get') {
      const { vector, dots } = author.context;
      const known = mergeContexts(vector, state.context);
      const beside = dots.filter((dot) => !covers(known, dot));
      author.context = { vector: known, dots: beside };
      for (const sibling of state.siblings) author.seen.add(nameOf(sibling));
      continue;
    }
    const context = step.blind ? undefined : author.context;
    const before = new Set(state.siblings.map(nameOf));
    const minted = mint[step.at]!.mint(putRequest({ context }), held[step.at]!, bucket);
    if (minted instanceof Error) throw minted;
    held[step.at] = minted;
    const own = minted.state.siblings.map(nameOf).find((name) => !writes.has(name))!;
    writes.add(own);
    // What its coordinator has not got covers nothing.
    for (const name of step.blind ? before : author.seen) if (before.has(name)) replaced.add(name);
    // A blind author has seen what the coordinator knew; either way it knows its own write.
    author.context = decodeSeen(minted.context);
    if (step.blind) author.seen = before;
    author.seen = new Set([...author.seen, own]);
  }
  const all = held.reduce<KeyState>((sum, { state }) => merge(sum, state), emptyState);
  return {
    wanted: new Set([...writes].filter((name) => !replaced.has(name))),
    left: new Set(all.siblings.map(nameOf)),
  };
}

const index = integer({ min: 0, max: 2 });
const step = oneof(
  record({ what: constantFrom('get' as const), author: index, at: index }),
  record({
    what: constantFrom('put' as const),
    author: index,
    at: index,
    blind: constantFrom(false, false, false, true),
  }),
  record({ what: constantFrom('send' as const), from: index, to: index }),
);

describe('context handed back to an author', () => {
  test('random histories of gets, puts with what was handed back, and merges: no write is lost that no author replaced', () => {
    const holds = property(array(step, { maxLength: 30 }), (steps) => {
      const { wanted, left } = play(steps);
      for (const name of wanted) expect(left).toContain(name);
    });
    assert(holds, { seed: 7, numRuns: 20_000 });
  });

  test('the control: were the new dot always claimed, an unseen sibling of the same actor would go', () => {
    const [minter] = minters(1);
    const base = minter!.mint(putRequest({}), absentRecord, bucket);
    if (base instanceof Error) throw base;
    const theirs = minter!.mint(putRequest({ context: decodeContext(base.context) }), base, bucket);
    if (theirs instanceof Error) throw theirs;
    const mine = minter!.mint(putRequest({ context: decodeContext(base.context) }), theirs, bucket);
    if (mine instanceof Error) throw mine;
    const { actor } = mine.state.context[0]!;
    const claimed = mergeContexts(decodeContext(base.context), [{ actor, counter: 3 }]);
    const lossy = minter!.mint(putRequest({ context: claimed }), mine, bucket);
    const safe = minter!.mint(putRequest({ context: decodeSeen(mine.context) }), mine, bucket);
    expect(!(lossy instanceof Error) && lossy.state.siblings).toHaveLength(1);
    expect(!(safe instanceof Error) && safe.state.siblings).toHaveLength(2);
  });

  test('two authors in turns, each with the context of its own last put: two siblings, never more, and each replaces its own', () => {
    const [minter] = minters(1);
    let local = minted(minter!, absentRecord, { context: nothingSeen });
    const contexts = [nothingSeen, nothingSeen];
    for (let turn = 0; turn < 100; turn++) {
      const author = turn % 2;
      const value = Buffer.from(`${author} in turn ${turn}`);
      const put = minted(minter!, local, { context: contexts[author], value });
      contexts[author] = decodeSeen(put.context);
      local = put;
      const left = local.state.siblings.map((sibling) => Buffer.from(sibling.value!).toString());
      const latest =
        turn === 0 ? [`0 in turn 0`] : [`${1 - author} in turn ${turn - 1}`, value.toString()];
      expect(left.slice(1)).toEqual(latest);
      // The new write, and the last few of its own that are gone.
      const { dots } = decodeSeen(put.context);
      const own = local.state.siblings.at(-1)!.dot;
      expect(dots.at(-1)).toEqual(own);
      expect(dots).toHaveLength(1 + Math.min(Math.floor(turn / 2), limits.replacedDotsMax));
    }
  });

  test('an author alone: each put replaces its last, and the context is the whole one', () => {
    const [minter] = minters(1);
    let local = absentRecord;
    let context: Context = emptyContext;
    for (let i = 1; i <= 3; i++) {
      const minted = minter!.mint(putRequest({ context }), local, bucket);
      if (minted instanceof Error) throw minted;
      local = minted;
      context = decodeContext(minted.context);
      expect(local.state.siblings).toHaveLength(1);
      expect(context).toEqual(local.state.context);
      expect(context[0]!.counter).toBe(i);
    }
  });
});

/** As many siblings as two nodes take that do not know of each other. */
function bothTaken(): readonly [LoneMinter, LocalRecord] {
  const two = minters(2);
  const held = two.map((minter) => {
    let local = absentRecord;
    for (let i = 0; i < limits.siblingsMax; i++)
      local = minted(minter, local, { context: emptyContext });
    return local;
  });
  const { mark } = held[0]!;
  return [two[0]!, { state: merge(held[0]!.state, held[1]!.state), mark }];
}

function minted(minter: LoneMinter, local: LocalRecord, ask: PutAsk): MintedPut {
  const put = minter.mint(putRequest(ask), local, bucket);
  if (put instanceof Error) throw put;
  return put;
}

describe('the cap on siblings', () => {
  test('no put leaves more, not even fewer than there were', () => {
    const [minter, local] = bothTaken();
    expect(local.state.siblings).toHaveLength(2 * limits.siblingsMax);
    const [first, second] = local.state.context as [Dot, Dot];
    for (const context of [[], [{ ...first, counter: 5 }], [first], [second]])
      expect(minter.mint(putRequest({ context }), local, bucket)).toBeInstanceOf(
        TooManySiblingsError,
      );
    const context = [first, { ...second, counter: 1 }];
    expect(minted(minter, local, { context }).state.siblings).toHaveLength(limits.siblingsMax);
  });

  test('nobody is in the way of a put that leaves fewer: a blind one, or one whose author has seen them', () => {
    const [minter, local] = bothTaken();
    const { context } = local.state;
    for (const ask of [{}, { context }])
      expect(minted(minter, local, ask).state.siblings).toHaveLength(1);
  });
});

describe('an operation is one write', () => {
  const [minter] = minters(1) as [LoneMinter];
  const operation = 'op';
  const first = minted(minter, absentRecord, { operation, value: Buffer.from('one') });

  test('sent again it is what it was', () => {
    const again = minted(minter, first, { operation, value: Buffer.from('one') });
    expect(again.state).toEqual(first.state);
  });

  test.each([
    ['another value', Buffer.from('two')],
    ['a delete', null],
    ['an empty value', Buffer.alloc(0)],
  ])('with %s it is refused, not acknowledged and dropped', (_, value) => {
    const put = minter.mint(putRequest({ operation, value }), first, bucket);
    expect(put).toBeInstanceOf(OperationReusedError);
    expect(put).toMatchObject({ code: 409, outcome: 'none' });
  });

  test('a delete sent again as a put is refused as well', () => {
    const deleted = minted(minter, absentRecord, { operation, value: null });
    expect(minter.mint(putRequest({ operation }), deleted, bucket)).toBeInstanceOf(
      OperationReusedError,
    );
    expect(minted(minter, deleted, { operation, value: null }).state).toEqual(deleted.state);
  });
});

const sibling = (over: Partial<Sibling> & { readonly counter?: number }): Sibling => ({
  dot: { actor: 'a'.repeat(14), counter: over.counter ?? 1 },
  value: Buffer.from(`v${over.counter ?? 1}`),
  writtenAtMs: 1000,
  expiresAtMs: 0,
  operation: '',
  ...over,
});
const show = (siblings: readonly Sibling[], conflict: BucketOptions['conflict'] = 'siblings') =>
  valuesOf({ context: [], siblings }, { conflict, nowMs: 5000 }).map((value) =>
    value === null ? null : Buffer.from(value).toString(),
  );

describe('what a client is shown', () => {
  test('siblings in the order of their dots, a tombstone or an expired one as null beside a live value', () => {
    expect(show([])).toEqual([]);
    expect(show([sibling({}), sibling({ counter: 2 })])).toEqual(['v1', 'v2']);
    expect(show([sibling({ value: null }), sibling({ counter: 2 })])).toEqual([null, 'v2']);
    expect(show([sibling({ expiresAtMs: 5000 }), sibling({ counter: 2 })])).toEqual([null, 'v2']);
    expect(show([sibling({ expiresAtMs: 5001 })])).toEqual(['v1']);
  });

  test('nothing live: nothing at all', () => {
    expect(show([sibling({ value: null })])).toEqual([]);
    expect(show([sibling({ value: null }), sibling({ counter: 2, expiresAtMs: 1 })])).toEqual([]);
  });

  test('siblings of one operation are shown once, others without an operation each', () => {
    const twice = [sibling({ operation: 'x' }), sibling({ counter: 2, operation: 'x' })];
    expect(show([...twice, sibling({ counter: 3 }), sibling({ counter: 4 })])).toEqual([
      'v1',
      'v3',
      'v4',
    ]);
  });

  test('last-writer-wins: the newest, the higher dot at a tie; a newest tombstone hides the rest', () => {
    const tie = [sibling({}), sibling({ counter: 2 })];
    expect(lastWritten(tie).dot.counter).toBe(2);
    expect(show(tie, 'last-writer-wins')).toEqual(['v2']);
    expect(show([sibling({ writtenAtMs: 1001 }), tie[1]!], 'last-writer-wins')).toEqual(['v1']);
    const deleted = sibling({ counter: 3, writtenAtMs: 2000, value: null });
    expect(show([...tie, deleted], 'last-writer-wins')).toEqual([]);
  });
});

test('two copies of a part that no message holds: the next try takes the place of both', () => {
  const value = Buffer.alloc(partLimits.partBytesMax, 'p');
  const shown = { conflict: bucket.conflict, nowMs: 0 };
  const of = (name: string): PutAsk => ({ bucket: name, value, operation: 'part' });
  for (const name of [partBucket('b'), 'b']) {
    const [first, second] = minters(2) as [LoneMinter, LoneMinter];
    const copies = [first, second].map((minter) =>
      minter.mint(putRequest(of(name)), absentRecord, bucket),
    ) as MintedPut[];
    const both = { state: merge(copies[0]!.state, copies[1]!.state), mark: copies[0]!.mark };
    const again = first.mint(putRequest({ ...of(name), copy: 'later' }), both, bucket);
    if (name === 'b') {
      expect(again).toBeInstanceOf(UnavailableError);
      continue;
    }
    if (again instanceof Error) throw again;
    expect(again.encoded.encodedBytes).toBeLessThan(limits.stateBytesMax);
    expect(valuesOf(again.state, shown)).toEqual([value]);
    const merged = merge(both.state, again.state);
    expect(valuesOf(merged, shown)).toEqual([value]);
    // And the one behind it finds it done.
    const third = second.mint(putRequest(of(name)), { state: merged, mark: 0 }, bucket);
    if (third instanceof Error) throw third;
    expect(valuesOf(third.state, shown)).toEqual([value]);
  }
});

function partAsk(text: string | null): PutAsk {
  return { bucket: partBucket('b'), value: text === null ? null : Buffer.from(text) };
}

test('a part once put is what it is: other bytes are refused, the same may come again', () => {
  const [minter] = minters(1) as [LoneMinter];
  const put = minter.mint(putRequest(partAsk('part')), absentRecord, bucket) as MintedPut;
  for (const other of ['tarp', 'part and more', '', null])
    expect(minter.mint(putRequest(partAsk(other)), put, bucket)).toBeInstanceOf(UploadError);
  expect(minter.mint(putRequest(partAsk('part')), put, bucket)).not.toBeInstanceOf(Error);
  expect(
    minter.mint(putRequest({ ...partAsk('other'), bucket: 'b' }), put, bucket),
  ).not.toBeInstanceOf(Error);
});

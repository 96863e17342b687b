/**
 * Copies of puts that arrive late, as the coordinators mint them: what came after a put stays,
 * whichever copy arrives and when.
 */
import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../actors/rules/limits.js';
import { nothingSeen, seenAll } from '../../../actors/rules/versions.js';
import { decodeSeen } from '../../../src/wire/key-state-codec.js';
import { CopiesCluster, timeoutMs } from '../../support/copies-cluster.js';

const unsaid = { operation: 'one', copy: 'any' } as const;
const first = { operation: 'one', copy: 'first' } as const;
const operation = (i: number) => ({ operation: `op ${i}`, copy: 'any' }) as const;
const later = (askedMs: number) => ({ operation: 'one', copy: 'later', askedMs }) as const;

describe.each(['siblings', 'last-writer-wins'] as const)('%s', (conflict) => {
  test('the first copy arrives when a later one was done and replaced, at any node that has what replaced it', () => {
    const cluster = new CopiesCluster(conflict);
    cluster.put(0, 'one', later(0));
    cluster.clock.advance(100);
    cluster.put(0, 'two');
    cluster.send(0, 1);
    cluster.clock.advance(1000);
    for (const at of [0, 1]) cluster.put(at, 'one', first);
    expect([0, 1].map((at) => cluster.shown(at))).toEqual([['two'], ['two']]);
  });

  test('however many other puts there were: nothing is forgotten by count', () => {
    const cluster = new CopiesCluster(conflict);
    cluster.put(0, 'one', unsaid);
    for (let i = 0; i < 300; i++) cluster.put(0, `${i}`);
    cluster.put(0, 'one', unsaid);
    expect(cluster.shown(0)).toEqual(['299']);
    expect(cluster.remembered(0)).toBe(1);
  });

  test('the first copy is done where nobody knew, after it was replaced elsewhere: it is not shown', () => {
    const cluster = new CopiesCluster(conflict);
    cluster.put(0, 'one', later(0));
    cluster.clock.advance(100);
    cluster.put(0, 'two');
    cluster.clock.advance(100);
    cluster.put(1, 'one', first);
    expect(cluster.shown(1)).toEqual(['one']);
    cluster.send(0, 1);
    cluster.send(1, 0);
    expect([0, 1].map((at) => cluster.shown(at))).toEqual([['two'], ['two']]);
    // The next put takes it away for good.
    cluster.put(1, 'three');
    expect(cluster.shown(1)).toEqual(['three']);
  });

  test('a later copy that is done where nobody knew lives as long as its author asked for', () => {
    const cluster = new CopiesCluster(conflict);
    cluster.put(0, 'one', { ...first, ttlMs: 2_000 });
    cluster.clock.advance(1_500);
    cluster.put(1, 'one', { ...later(0), ttlMs: 2_000 });
    const expiries = [0, 1].map((at) => cluster.states[at]!.siblings[0]!.expiresAtMs);
    expect(expiries[0]).toBeGreaterThan(0);
    expect(expiries[1]).toBe(expiries[0]);
  });

  test('a later copy of a put whose first was done and replaced: what was written since its author asked stays', () => {
    const cluster = new CopiesCluster(conflict);
    cluster.put(0, 'zero');
    cluster.clock.advance(50);
    cluster.put(0, 'one', first);
    cluster.clock.advance(100);
    cluster.put(0, 'two');
    cluster.clock.advance(1000);
    cluster.put(0, 'one', later(50));
    expect(cluster.shown(0)).toContain('two');
    expect(cluster.shown(0)).not.toContain('zero');
    // And where nobody knew of what replaced it.
    cluster.put(1, 'one', later(50));
    cluster.send(1, 0);
    expect(cluster.shown(0)).toContain('two');
  });

  test('a later copy finds its put done: when it is replaced, it is remembered', () => {
    const cluster = new CopiesCluster(conflict);
    cluster.put(0, 'one', first);
    cluster.send(0, 1);
    cluster.put(1, 'one', later(0));
    cluster.send(1, 0);
    expect(cluster.states[0]!.siblings).toHaveLength(1);
    cluster.put(0, 'two');
    cluster.put(0, 'one', later(0));
    expect(cluster.shown(0)).toEqual(['two']);
    expect(cluster.remembered(0)).toBe(1);
  });

  test('a later copy replaces what was there before its author asked', () => {
    const cluster = new CopiesCluster(conflict);
    cluster.put(0, 'zero');
    cluster.clock.advance(50);
    const askedMs = cluster.clock.monotonicMs();
    cluster.clock.advance(500);
    cluster.put(0, 'one', later(askedMs));
    expect(cluster.shown(0)).toEqual(['one']);
  });
});

describe.each(['siblings', 'last-writer-wins'] as const)('%s, named by its author', (conflict) => {
  const named = { copied: [{ operation: 'one', untilMs: timeoutMs }] };
  const usual = { operation: 'next', copy: 'first', ...named } as const;

  test.each(['two', null])(
    'a first copy that is replaced where no other was known: these do not come back (%s)',
    (next) => {
      for (const isBlind of [true, false]) {
        const cluster = new CopiesCluster(conflict);
        const context = decodeSeen(cluster.put(0, 'one', first) as Buffer);
        cluster.clock.advance(100);
        cluster.put(1, 'one', later(0));
        cluster.clock.advance(1000);
        cluster.put(0, next, { ...usual, ...(isBlind ? {} : { context }) });
        expect(cluster.remembered(0)).toBe(1);
        cluster.send(1, 0);
        cluster.send(0, 1);
        const left = next === null ? [] : [next];
        expect([0, 1].map((at) => cluster.shown(at))).toEqual([left, left]);
      }
    },
  );

  test('where nothing of them is left, a put that names some is one as any', () => {
    const [plain, naming] = [new CopiesCluster(conflict), new CopiesCluster(conflict)];
    for (const cluster of [plain, naming]) cluster.put(0, 'zero');
    plain.put(0, 'two', { operation: 'next', copy: 'first' });
    naming.put(0, 'two', usual);
    expect(naming.states[0]).toEqual(plain.states[0]);
  });
});

describe.each(['two', null])('what was under way when a node was lost (%s)', (next) => {
  const passedOn = { operation: 'named by whomever', copy: 'first', isPassedOn: true } as const;
  const again = { ...passedOn, copy: 'later', askedMs: 0 } as const;
  const lostNode = 'f'.repeat(16);
  const left = next === null ? [] : [next];

  test('done first here and then by who passed it on, in the other part: that copy does not come back', () => {
    const cluster = new CopiesCluster();
    const context = decodeSeen(cluster.put(0, 'one', passedOn) as Buffer);
    cluster.send(0, 1);
    cluster.clock.advance(2000);
    for (const at of [0, 1]) cluster.minters[at]!.lost.follow(lostNode, 'suspect');
    cluster.put(2, 'one', again);
    cluster.put(0, next, { context });
    cluster.put(1, next);
    for (const at of [0, 1]) {
      cluster.send(2, at);
      expect(cluster.shown(at)).toEqual(left);
    }
  });

  test.each(['suspect', 'down'] as const)(
    'a node that was away for a moment (%s): as long as any copy is remembered',
    (how) => {
      const cluster = new CopiesCluster();
      cluster.put(0, 'one', passedOn);
      const { lost } = cluster.minters[0]!;
      lost.follow(lostNode, how);
      cluster.clock.advance(1000);
      lost.follow(lostNode, 'alive');
      cluster.clock.advance(limits.operationsRememberedMs);
      cluster.put(0, next);
      expect(cluster.remembered(0)).toBe(1);
      cluster.clock.advance(limits.requestTimeoutMsMax);
      cluster.put(0, 'three');
      expect(cluster.remembered(0)).toBe(0);
    },
  );

  test('what was over by then, put since, or not passed on is replaced as any', () => {
    const cluster = new CopiesCluster();
    const { lost } = cluster.minters[0]!;
    cluster.put(0, 'one', passedOn);
    cluster.clock.advance(limits.requestTimeoutMsMax);
    lost.follow(lostNode, 'suspect');
    cluster.clock.advance(1000);
    cluster.put(0, next, { ...passedOn, operation: 'another' });
    // It is away already: nothing is under way to it.
    lost.follow(lostNode, 'down');
    cluster.put(0, next, { ...passedOn, operation: 'direct', isPassedOn: false });
    lost.follow('e'.repeat(16), 'down');
    cluster.put(0, next);
    expect(cluster.remembered(0)).toBe(0);
  });
});

describe('what is known of nodes that were lost', () => {
  const lostNode = 'f'.repeat(16);
  const passedOn = { ...first, isPassedOn: true };

  test('one that is lost again was lost before', () => {
    const cluster = new CopiesCluster();
    cluster.put(0, 'one', passedOn);
    const { lost } = cluster.minters[0]!;
    lost.follow(lostNode, 'suspect');
    lost.follow(lostNode, 'alive');
    cluster.clock.advance(limits.requestTimeoutMsMax + 1);
    lost.follow(lostNode, 'suspect');
    cluster.put(0, 'two');
    expect(cluster.remembered(0)).toBe(1);
  });

  test('of more than are noted the oldest is forgotten, whoever they are', () => {
    const remembered = [limits.lossesNotedMax - 1, limits.lossesNotedMax].map((others) => {
      const cluster = new CopiesCluster();
      cluster.put(0, 'one', passedOn);
      const { lost } = cluster.minters[0]!;
      lost.follow(lostNode, 'suspect');
      cluster.clock.advance(limits.requestTimeoutMsMax);
      for (let i = 0; i < others; i++) {
        cluster.clock.advance(1);
        lost.follow(`${i}`.padStart(16, '0'), 'suspect');
      }
      cluster.put(0, 'two');
      return cluster.remembered(0);
    });
    expect(remembered).toEqual([1, 0]);
  });

  test.each(['two', null])(
    'a put that was asked for before one was lost, and comes after that, may be two (%s)',
    (next) => {
      const cluster = new CopiesCluster();
      cluster.clock.advance(2000);
      for (const at of [0, 1]) cluster.minters[at]!.lost.follow(lostNode, 'suspect');
      cluster.clock.advance(500);
      cluster.put(0, 'one', { ...passedOn, askedMs: 0 });
      cluster.send(0, 1);
      cluster.put(2, 'one', later(0));
      for (const at of [0, 1]) {
        cluster.put(at, next);
        cluster.send(2, at);
        expect(cluster.shown(at)).toEqual(next === null ? [] : [next]);
      }
    },
  );

  test('so may none that was asked for since', () => {
    const cluster = new CopiesCluster();
    cluster.minters[0]!.lost.follow(lostNode, 'suspect');
    cluster.clock.advance(1);
    cluster.put(0, 'one', passedOn);
    cluster.put(0, 'two');
    expect(cluster.remembered(0)).toBe(0);
  });

  test('however many of one key come after that, none is refused', () => {
    const cluster = new CopiesCluster();
    cluster.clock.advance(2000);
    cluster.minters[0]!.lost.follow(lostNode, 'suspect');
    for (let i = 0; i < limits.operationsRememberedMax + 10; i++) {
      const late = { operation: `op ${i}`, copy: 'first', askedMs: 0, isPassedOn: true } as const;
      expect(cluster.put(0, `${i}`, late)).toBeInstanceOf(Buffer);
    }
    // And the one that stood when there was no more room.
    expect(cluster.remembered(0)).toBe(limits.operationsRememberedKept + 1);
  });
});

test('nodes that are lost and come back all the time have no key refuse a put', () => {
  const cluster = new CopiesCluster();
  const { lost } = cluster.minters[0]!;
  for (let i = 0; i < 1000; i++) {
    const given = { operation: `op ${i}`, copy: 'first', isPassedOn: true } as const;
    expect(cluster.put(0, `${i}`, given)).toBeInstanceOf(Buffer);
    lost.follow('f'.repeat(16), 'suspect');
    lost.follow('f'.repeat(16), 'alive');
  }
  expect(cluster.remembered(0)).toBe(limits.operationsRememberedKept);
  expect(cluster.shown(0)).toEqual(['999']);
});

test('what is named stays marked for as long as a request may live, whatever is said; other puts do not', () => {
  const cluster = new CopiesCluster();
  cluster.put(0, 'one', first);
  cluster.put(0, 'other', { operation: 'other', copy: 'first', context: nothingSeen });
  const copied = [{ operation: 'one', untilMs: 1e15 }];
  cluster.put(0, 'two', { operation: 'next', copy: 'first', copied, context: nothingSeen });
  const marks = cluster.states[0]!.siblings.map((sibling) => sibling.copiesUntilMs);
  const untilMs = cluster.clock.wallMs() + limits.requestTimeoutMsMax;
  expect(marks).toEqual([untilMs, undefined, undefined]);
  // Whoever replaces it remembers it.
  cluster.put(0, 'three');
  expect(cluster.remembered(0)).toBe(1);
});

test('siblings of one operation are covered together: by the next put of their author, and by a delete', () => {
  for (const next of ['two', null]) {
    const cluster = new CopiesCluster();
    const context = cluster.put(0, 'one', first);
    cluster.put(1, 'one', later(0));
    cluster.send(1, 0);
    expect(cluster.states[0]!.siblings).toHaveLength(2);
    cluster.put(0, next, { context: decodeSeen(context as Buffer) });
    expect(cluster.shown(0)).toEqual(next === null ? [] : [next]);
    cluster.send(0, 1);
    expect(cluster.shown(1)).toEqual(next === null ? [] : [next]);
  }
});

test('a put that is remembered does not count as a sibling, nor does its dot come back', () => {
  const cluster = new CopiesCluster();
  for (let i = 0; i < 40; i++) cluster.put(0, `${i}`, { operation: `op ${i}`, copy: 'any' });
  const context = cluster.put(0, 'last') as Buffer;
  expect(cluster.remembered(0)).toBe(40);
  expect(cluster.shown(0)).toEqual(['last']);
  expect(decodeSeen(context)).toEqual(seenAll(cluster.states[0]!.context));
});

test('what is remembered goes with the first put after its time', () => {
  const cluster = new CopiesCluster();
  cluster.put(0, 'one', unsaid);
  cluster.put(0, 'two');
  cluster.send(0, 1);
  cluster.clock.advance(timeoutMs + limits.operationsRememberedMs - 1);
  cluster.put(0, 'three');
  expect(cluster.remembered(0)).toBe(1);
  cluster.clock.advance(1);
  cluster.put(0, 'four');
  expect(cluster.remembered(0)).toBe(0);
  cluster.send(0, 1);
  expect(cluster.states[1]).toEqual(cluster.states[0]);
});

test('a copy that lay in a hint for minutes, tried again up to a minute apart, does not come back', () => {
  const cluster = new CopiesCluster();
  cluster.put(2, 'one', unsaid);
  let context = decodeSeen(cluster.put(0, 'one', unsaid) as Buffer);
  for (const value of ['two', 'three', 'four']) {
    cluster.clock.advance(70_000);
    context = decodeSeen(cluster.put(0, value, { context }) as Buffer);
  }
  cluster.send(2, 0);
  expect(cluster.shown(0)).toEqual(['four']);
});

test('past the room for puts whose requests are over, the oldest of these go; past the bound a put is refused, and nothing forgotten', () => {
  const cluster = new CopiesCluster();
  for (let i = 0; i < 100; i++) cluster.put(0, `${i}`, operation(i));
  expect(cluster.remembered(0)).toBe(99);
  cluster.clock.advance(timeoutMs + limits.copiesSkewMsMax);
  cluster.put(0, 'x', operation(100));
  expect(cluster.remembered(0)).toBe(limits.operationsRememberedKept);
  for (let i = 0; i < limits.operationsRememberedMax; i++)
    cluster.put(0, `${i}`, operation(1000 + i));
  expect(cluster.put(0, 'y', operation(2001))).toMatchObject({ code: 429, outcome: 'none' });
  expect(cluster.remembered(0)).toBe(limits.operationsRememberedMax);
  cluster.put(0, '0', operation(1001));
  expect(cluster.shown(0)).toEqual(['511']);
});

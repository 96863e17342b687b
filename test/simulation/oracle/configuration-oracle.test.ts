import { expect, test } from '@jest/globals';
import { encode, type WireValue } from '../../../src/wire/message-pack.js';
import { encodeValue } from '../workload/values.js';
import { ConfigurationOracle } from './configuration-oracle.js';
import { History, type Write } from './history.js';
import type { AskedMerge } from './merge-watch.js';
import { Violations } from './violations.js';

const [n1, n2, n3] = ['1'.repeat(16), '2'.repeat(16), '3'.repeat(16)] as const;
const [before, now] = [111, 222];
const name = 'users/ada';

/** What forged messages tell the oracle. */
class Told {
  readonly history = new History(0);
  private readonly violations = new Violations(() => 0);
  private readonly oracle = new ConfigurationOracle(
    this.history,
    this.violations,
    () => this.nowUs,
  );
  private calls = 0;
  nowUs = 0;

  get broken(): string[] {
    return this.violations.list.map(({ rule }) => rule);
  }

  private say(subject: string, message: WireValue, reply = ''): void {
    this.oracle.hear({ subject, reply, payload: encode(message), headers: undefined });
  }

  /** News of members, as the node tells them with each beat. */
  beat(node: string, { isFounded, generation = 1 }: { isFounded: boolean; generation?: number }) {
    const row = [node, 'a name', 'a host', '', 1, 1, generation, 9, 1, 0, false];
    const vote = [0, Buffer.alloc(0), Buffer.alloc(0)];
    const chain = isFounded ? [7, 1] : null;
    this.say('_kv.all.gossip', [
      1,
      node,
      0,
      ['news', [8, 1], vote, chain, Buffer.alloc(0), [row], [1, 1, 1, 1, 1]],
    ]);
  }

  /** `code`: of the answer; undefined: none comes. */
  read(from: string, by: string, configuration: number | null, code?: number): void {
    const id = this.ask(from, by, configuration);
    if (code !== undefined) this.answer(from, by, id, code);
  }

  ask(from: string, by: string, configuration: number | null, side?: number): number {
    const id = ++this.calls;
    const key = Buffer.from(`\0\0${name.replace('/', '\0')}`, 'latin1');
    const columns: WireValue[] = [100, [key], Buffer.alloc(8), configuration];
    if (side !== undefined) columns.push(null, side);
    this.say(`_kv.${by}.read`, [1, from, id, columns]);
    return id;
  }

  answer(to: string, by: string, id: number, code: number): void {
    const found: WireValue = code === 0 ? [[], [], 1] : 'refused';
    this.say(`_kv.${to}.answers`, [1, by, [id, code, found]]);
  }

  frame(by: string, configuration: number, { isServed }: { isServed: boolean }): void {
    this.askFrame(by, configuration);
    this.answerFrame(isServed);
  }

  askFrame(by: string, configuration: number): void {
    const key = Buffer.from('ada');
    this.say(`kv.frame.${by}`, [1, 1, 'users', 0, false, 0, [key], configuration], '_INBOX.1');
  }

  answerFrame(isServed: boolean): void {
    this.say('_INBOX.1', isServed ? [1, 1, [], [], [], null, null, null] : [1, 2, 421, 'none', '']);
  }

  own(by: string, configuration: number, side: number): void {
    const key = Buffer.from('ada');
    const columns: WireValue[] = [1, 3, 'users', false, [key], configuration, side];
    this.say(`kv.frame.${by}`, columns, '_INBOX.1');
    this.say('_INBOX.1', [1, 3, Buffer.alloc(8), null]);
  }

  merge(from: string, by: string, configuration: number, { isAcked = true, token = 'c1.1' } = {}) {
    const merge = this.askMerge(from, by, configuration, token);
    if (isAcked) this.oracle.ackedMerge(merge);
  }

  ack(merge: AskedMerge): void {
    this.oracle.ackedMerge(merge);
  }

  askMerge(from: string, by: string, configuration: number, token = 'c1.1'): AskedMerge {
    const value = encodeValue({ token, body: [] }, 16);
    const times = { writtenAtMs: 0, expiresAtMs: 0 };
    const sibling = { dot: 'x:1', value, ...times, operation: '', remembered: false };
    const state = { context: new Map(), siblings: [sibling], bytes: 0 };
    const records = [{ name, state }];
    const merge: AskedMerge = { from, by, reason: 0, owedTo: '', configuration, records };
    this.oracle.askedMerge(merge);
    return merge;
  }

  /** A put whose author is told of so many nodes. */
  put(acked: number): void {
    const write: Write = {
      token: 'c1.1',
      name,
      isDelete: false,
      seen: undefined,
      maySeen: [],
      strict: false,
      quorum: 2,
      askedUs: 0,
      vanishesUs: Infinity,
      goneUs: Infinity,
      mintByUs: Infinity,
      outcome: 'pending',
      endedUs: Infinity,
    };
    this.history.begin(write);
    const receipt = `w=${acked}/2 primaries=${acked} fallbacks=0 durability=sync`;
    this.oracle.written(write, { kind: 'done', context: '', receipt });
  }

  get(answered: number, askedUs = 0): void {
    const receipt = `r=${answered}/2 primaries=${answered} fallbacks=0 durability=sync`;
    this.oracle.read({ name, askedUs, receipt });
  }
}

const serves = {
  'a read': (told: Told) => told.read(n1, n2, now, 0),
  'a merge': (told: Told) => told.merge(n1, n2, now),
  'a frame': (told: Told) => told.frame(n2, now, { isServed: true }),
};

test.each(Object.keys(serves) as (keyof typeof serves)[])(
  '%s that is done by who has not heard of its cluster, before and after',
  (what) => {
    const told = new Told();
    told.beat(n2, { isFounded: false });
    serves[what](told);
    expect(told.broken).toEqual([]);
    told.beat(n2, { isFounded: false });
    expect(told.broken).toEqual(['served-by-another']);
  },
);

test.each(Object.keys(serves) as (keyof typeof serves)[])(
  '%s that is done by who asks by another configuration, before and after',
  (what) => {
    const told = new Told();
    told.read(n2, n3, before);
    serves[what](told);
    told.read(n2, n3, before);
    expect(told.broken).toEqual(['served-by-another']);
  },
);

test.each([
  [before, 'and goes on before it answers', []],
  [now, 'that it has left', ['served-by-another']],
])('who is asked by a configuration it goes by (%d), %s', (first, _, broken) => {
  for (const ask of [
    (told: Told) => {
      const id = told.ask(n1, n2, before);
      return () => told.answer(n1, n2, id, 0);
    },
    (told: Told) => {
      const merge = told.askMerge(n1, n2, before);
      return () => told.ack(merge);
    },
    (told: Told) => {
      told.askFrame(n2, before);
      return () => told.answerFrame(true);
    },
  ]) {
    const told = new Told();
    told.read(n2, n3, first);
    const answer = ask(told);
    told.read(n2, n3, now);
    answer();
    told.read(n2, n3, now);
    expect(told.broken).toEqual(broken);
  }
});

test('who is asked by the next configuration and has gone on beyond that as it answers is right', () => {
  const told = new Told();
  told.read(n2, n3, before);
  const id = told.ask(n1, n2, now);
  told.read(n2, n3, now);
  told.read(n2, n3, now + 1);
  told.answer(n1, n2, id, 0);
  told.read(n2, n3, now + 1);
  expect(told.broken).toEqual([]);
});

test('who learns between two beats, starts anew, refuses or is asked by no configuration is right', () => {
  const told = new Told();
  told.beat(n2, { isFounded: false });
  told.read(n1, n2, now, 421);
  told.frame(n2, now, { isServed: false });
  told.read(n1, n2, null, 0);
  told.beat(n2, { isFounded: false });
  told.read(n1, n2, now, 0);
  told.beat(n2, { isFounded: true });
  told.read(n1, n2, now, 0);
  told.read(n2, n1, now, 0);
  told.beat(n3, { isFounded: false });
  told.read(n1, n3, now, 0);
  told.beat(n3, { isFounded: false, generation: 2 });
  expect(told.broken).toEqual([]);
});

test('a configuration that was left is not gone back to', () => {
  const told = new Told();
  told.merge(n1, n2, before);
  told.merge(n1, n2, now);
  told.merge(n1, n2, now);
  expect(told.broken).toEqual([]);
  told.read(n1, n3, before);
  expect(told.broken).toEqual(['configuration-taken-back']);
});

test('a put that its author was answered goes on by the configuration it was planned by', () => {
  const told = new Told();
  told.read(n2, n3, before);
  told.read(n1, n2, now, 0);
  told.merge(n2, n3, before, { isAcked: false });
  told.read(n2, n3, now);
  told.merge(n2, n3, before, { isAcked: false });
  expect(told.broken).toEqual([]);
  told.read(n2, n3, before);
  expect(told.broken).toEqual(['configuration-taken-back']);
});

test('acks count that one coordinator was given by one configuration, and its own', () => {
  const right = new Told();
  right.merge(n1, n2, now);
  right.merge(n1, n3, now);
  right.put(3);
  expect(right.broken).toEqual([]);
  const wrongs: ((told: Told) => void)[] = [
    // Nobody said yes.
    (told) => told.merge(n1, n2, now, { isAcked: false }),
    // To something else.
    (told) => told.merge(n1, n2, now, { token: 'c1.2' }),
    () => undefined,
  ];
  for (const wrong of wrongs) {
    const told = new Told();
    wrong(told);
    told.put(2);
    expect(told.broken).toEqual(['counted-by-another']);
  }
  // One by each configuration, one to each of two coordinators.
  for (const [from, configuration] of [
    [n1, now],
    [n2, before],
  ] as const) {
    const told = new Told();
    told.merge(n1, n2, before);
    told.merge(from, n3, configuration);
    told.put(3);
    expect(told.broken).toEqual(['counted-by-another']);
  }
});

test('answers count that one coordinator was given by one configuration, and its own', () => {
  const told = new Told();
  told.read(n1, n2, before, 0);
  told.get(2);
  told.read(n1, n3, now, 421);
  told.read(n2, n3, before, 0);
  told.get(2);
  expect(told.broken).toEqual([]);
  told.get(3);
  expect(told.broken).toEqual(['counted-by-another']);
});

test('answers count that are of one side of a move', () => {
  const told = new Told();
  told.answer(n1, n2, told.ask(n1, n2, now, 0), 0);
  told.answer(n1, n3, told.ask(n1, n3, now, 1), 0);
  told.get(2);
  expect(told.broken).toEqual([]);
  told.get(3);
  expect(told.broken).toEqual(['counted-by-another']);
});

test('an own read says its configuration before its side', () => {
  const told = new Told();
  told.read(n2, n3, before);
  told.own(n2, before, 1);
  told.read(n2, n3, before);
  expect(told.broken).toEqual([]);
  told.own(n2, now, 1);
  told.read(n2, n3, before);
  expect(told.broken).toEqual(['served-by-another']);
});

test('a question that was overtaken by a later one, and is answered after it, takes nothing from it', () => {
  const told = new Told();
  const overtaken = told.ask(n1, n2, now);
  told.nowUs = 10;
  told.read(n1, n2, now, 0);
  told.answer(n1, n2, overtaken, 0);
  told.get(2, 5);
  expect(told.broken).toEqual([]);
  told.get(2, 15);
  expect(told.broken).toEqual(['counted-by-another']);
});

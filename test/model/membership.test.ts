/** The chart of a node's membership alone: each state, each transition, and random lives. */
import { afterAll, describe, expect, test } from '@jest/globals';
import { createActor, type StateValue } from 'xstate';
import { listOf } from '../../actors/membership/founding-book.js';
import type { MembershipEvent } from '../../actors/membership/membership-events.js';
import { membershipMachine } from '../../actors/membership/membership.machine.js';
import { type FoundingVote, noVote } from '../../actors/rules/founding.js';
import { limits } from '../../actors/rules/limits.js';
import { SimRandom } from '../simulation/core/sim-random.js';
import { ManualClock } from '../support/manual-clock.js';
import { TakenTransitions } from '../support/taken-transitions.js';

const taken = new TakenTransitions();
const names = ['listen', 'store', 'configure', 'greet', 'awaitTime', 'tellAll'] as const;
const last = ['tellSome', 'join', 'endAsDeparted', 'fallSilent'] as const;

/** Of node `a`; `did`: what its chart wanted done since the last look. */
function lifeOf({ foundersMin = 2, inspect = taken.inspect } = {}) {
  const clock = new ManualClock();
  const done: string[] = [];
  const noted = [...names, ...last].map((name) => [name, () => void done.push(name)] as const);
  const machine = membershipMachine.provide({
    actions: Object.fromEntries(noted),
  });
  const actor = createActor(machine, { clock, inspect, input: { self: 'a', foundersMin } });
  actor.start();
  return {
    actor,
    clock,
    send: (...events: MembershipEvent[]) => events.forEach((event) => actor.send(event)),
    did: () => done.splice(0),
    book: () => actor.getSnapshot().context.book,
    /** The disk has what is to be on it. */
    stored: () => actor.send({ type: 'vote.stored', vote: actor.getSnapshot().context.book.next }),
  };
}

type Life = ReturnType<typeof lifeOf>;

const abc = ['a', 'b', 'c'];

function vote(attempt: number, stored: string, founders = ''): FoundingVote {
  return { attempt, stored: stored.split(''), founders: founders.split('') };
}

function read(kept: FoundingVote = noVote, known: readonly string[] = abc): MembershipEvent {
  return { type: 'disk.read', vote: kept, known, isMember: false, hasDeparted: false };
}

function learned(isMember: boolean): MembershipEvent {
  return { type: 'configuration.learned', isMember };
}

function news(
  from: string,
  told: FoundingVote,
  known: readonly string[] = abc,
  outdated: readonly string[] = [],
): MembershipEvent {
  return { type: 'news.heard', from, told, reached: ['a', 'b'], known, outdated };
}

function met(ids: string, isFounded = false): MembershipEvent {
  return { type: 'met.counted', met: ids.split(''), isFounded };
}

const agreeing = [read(), met('ab'), news('b', noVote), met('ab')];

const asked: MembershipEvent = { type: 'self.known' };
const timed: MembershipEvent = { type: 'time.told' };
const beat: MembershipEvent = { type: 'heartbeat.raised' };
const newcomer: MembershipEvent = { type: 'newcomer.learned' };
const departed: MembershipEvent = { type: 'self.departed' };
const stopping: MembershipEvent = { type: 'node.stopping' };
const founded = vote(0, 'ab', 'ab');
/** A member, by the configuration on its disk. */
const member: MembershipEvent = {
  type: 'disk.read',
  vote: founded,
  known: abc,
  isMember: true,
  hasDeparted: false,
};

/** Such as `open alone`; where it is not arriving, the state. */
function placeOf({ actor }: Life): string {
  const snapshot = actor.getSnapshot();
  const names = ['joined', 'leaving', 'left', 'stopped', 'reading'] as const;
  for (const state of names) if (snapshot.matches(state)) return state;
  for (const open of ['alone', 'gathering', 'outside'] as const)
    if (snapshot.matches({ arriving: { place: { open } } })) return `open ${open}`;
  for (const agreed of ['storing', 'confirming', 'concluding'] as const)
    if (snapshot.matches({ arriving: { place: { agreed } } })) return `agreed ${agreed}`;
  return snapshot.matches({ arriving: { place: 'founded' } }) ? 'founded' : 'active';
}

function startOf({ actor }: Life): StateValue | undefined {
  const { value } = actor.getSnapshot();
  return typeof value === 'string' ? value : (value.arriving as { start: StateValue }).start;
}

/** What comes before, the last event, its place then, and what was done for it. */
const places: readonly (readonly [
  string,
  readonly MembershipEvent[],
  MembershipEvent,
  string,
  readonly string[],
])[] = [
  ['a disk that knows nothing', [], read(), 'open alone', ['listen']],
  ['a member again', [], member, 'active', ['tellAll', 'listen']],
  ['a founder that knows no configuration', [], read(founded), 'founded', ['configure', 'listen']],
  ['it has one', [read(founded)], learned(true), 'active', ['tellAll']],
  ['one without it', [read(founded)], learned(false), 'founded', []],
  ['taken in while alone', [read()], learned(true), 'active', ['tellAll']],
  ['taken in after it waited', [read(), met('a', true)], learned(true), 'active', ['tellAll']],
  ['a cluster without it', [read()], learned(false), 'open outside', []],
  [
    'a cluster without it, while gathering',
    [read(), met('ab')],
    learned(false),
    'open outside',
    [],
  ],
  ['agreed, and taken in', agreeing, learned(true), 'active', ['tellAll']],
  ['agreed, and told of a cluster', agreeing, learned(false), 'agreed storing', []],
  ['agreed before it went', [], read(vote(0, 'ab')), 'agreed confirming', ['listen']],
  ['nobody met', [read()], met('a'), 'open alone', []],
  ['somebody met', [read()], met('ab'), 'open gathering', []],
  ['they are gone', [read(), met('ab')], met('a'), 'open alone', []],
  ['founded, while alone', [read()], met('a', true), 'open outside', []],
  ['founded, while gathering', [read(), met('ab')], met('ab', true), 'open outside', []],
  ['outside for good', [read(), met('a', true)], met('abc', true), 'open outside', []],
  ['the other has not said yet', [read(), met('ab')], met('ab'), 'open gathering', []],
  ['both say the same', agreeing.slice(0, -1), met('ab'), 'agreed storing', ['store']],
  ['at once', [read(), news('b', noVote)], met('ab'), 'agreed storing', ['store']],
  ['a third has not said', agreeing.slice(0, -1), met('abc'), 'open gathering', []],
  ['what was heard', [read()], news('b', noVote), 'open alone', []],
  ['others founded one', [read()], news('b', vote(0, 'bc', 'bc')), 'open alone', []],
  ['its own', [read()], news('b', founded), 'agreed concluding', ['store']],
  ['its own, of unknown', [read()], news('b', vote(0, 'abx', 'abx')), 'open alone', []],
  ['its own, of earlier lives', [read()], news('b', founded, abc, ['b']), 'open alone', []],
  ['asked to agree', [read()], news('b', vote(0, 'ab')), 'agreed storing', ['store']],
  ['at an attempt past', [read(vote(2, ''))], news('b', vote(1, 'ab')), 'open alone', []],
  ['a later attempt', [read()], news('b', vote(3, '')), 'open alone', ['store']],
  ['alone, told of a newcomer', [read()], newcomer, 'open alone', ['tellAll']],
  ['alone, a beat', [read()], beat, 'open alone', ['tellAll']],
  ['agreed, a newcomer', agreeing, newcomer, 'agreed storing', ['tellAll']],
  ['agreed, a beat', agreeing, beat, 'agreed storing', ['tellAll']],
  ['agreed, and told the same', agreeing, news('b', noVote), 'agreed storing', []],
  ['agreed, asked for another', agreeing, news('b', vote(1, 'abc')), 'agreed storing', ['store']],
  ['past its list', agreeing, news('b', vote(1, '')), 'open gathering', ['store']],
  [
    'its list can not be: others founded one',
    agreeing,
    news('b', vote(0, 'bc', 'bc')),
    'open gathering',
    ['store'],
  ],
  ['agreed, and it is founded', agreeing, news('b', founded), 'agreed concluding', ['store']],
  ['a member, a beat', [member], beat, 'active', ['tellSome']],
  ['a member, a newcomer', [member], newcomer, 'active', []],
  ['a member hears', [member], news('b', noVote), 'active', []],
  ['a member, the next one', [member], learned(true), 'active', []],
  [
    'another vote was stored',
    agreeing,
    { type: 'vote.stored', vote: noVote },
    'agreed storing',
    [],
  ],
];

describe('its place', () => {
  test.each(places)('%s', (_, before, event, place, did) => {
    const life = lifeOf();
    life.send(...before);
    life.did();
    life.send(event);
    expect(placeOf(life)).toBe(place);
    expect(life.did()).toEqual(did);
    expect(life.actor.getSnapshot().hasTag('founded')).toBe(place === 'active');
  });

  test('one that may found alone does so once its vote is on disk, and again', () => {
    const life = lifeOf({ foundersMin: 1 });
    life.send(read(), met('a'));
    expect(life.did()).toEqual(['listen', 'store']);
    life.stored();
    expect(placeOf(life)).toBe('agreed concluding');
    expect(life.did()).toEqual(['tellAll', 'store']);
    life.stored();
    expect(placeOf(life)).toBe('founded');
    expect(life.did()).toEqual(['configure']);
    life.send(learned(true));
    expect(placeOf(life)).toBe('active');
    expect(life.did()).toEqual(['tellAll']);
    expect(life.book().vote).toEqual(vote(0, 'a', 'a'));
  });

  test('two found a cluster: the list is stored, told, confirmed; the founders are stored, and then it has its place', () => {
    const life = lifeOf();
    life.send(...agreeing);
    life.did();
    life.stored();
    expect(placeOf(life)).toBe('agreed confirming');
    expect(life.did()).toEqual(['tellAll']);
    // Of its list nobody else has it yet.
    life.send(news('c', vote(0, 'ab')));
    expect(placeOf(life)).toBe('agreed confirming');
    life.send(news('b', vote(0, 'ab')));
    expect(placeOf(life)).toBe('agreed concluding');
    expect(life.did()).toEqual(['store']);
    // Nothing moves it any more.
    life.send(news('b', vote(2, 'abc')), { type: 'vote.stored', vote: noVote });
    expect(placeOf(life)).toBe('agreed concluding');
    life.stored();
    expect(placeOf(life)).toBe('founded');
    life.send(learned(true));
    expect(placeOf(life)).toBe('active');
    expect(life.did()).toEqual(['configure', 'tellAll']);
  });

  test('asked for another list by one that has it on disk: it is confirmed as soon as it is stored', () => {
    const life = lifeOf();
    life.send(...agreeing);
    life.stored();
    life.send(news('b', vote(1, 'ab')));
    expect(placeOf(life)).toBe('agreed storing');
    life.did();
    life.stored();
    expect(placeOf(life)).toBe('agreed concluding');
    expect(life.did()).toEqual(['tellAll', 'store']);
  });

  test('confirmed before its own disk has it: it waits for the disk alone', () => {
    const life = lifeOf();
    life.send(...agreeing, news('b', vote(0, 'ab')));
    expect(placeOf(life)).toBe('agreed storing');
    life.stored();
    expect(placeOf(life)).toBe('agreed concluding');
  });

  test('a list it has on its disk, of nodes it does not know yet: they must be known before it is founded', () => {
    const life = lifeOf();
    life.send(read(vote(0, 'ab'), ['a']), news('b', vote(0, 'ab'), ['a']));
    expect(placeOf(life)).toBe('agreed confirming');
    life.send(news('b', vote(0, 'ab'), ['a', 'b']));
    expect(placeOf(life)).toBe('agreed concluding');
  });

  test('of one that is gone nothing counts that it said', () => {
    const gone: MembershipEvent = { type: 'newcomer.down', node: 'b', known: ['a', 'c'] };
    const life = lifeOf();
    life.send(read(), met('ab'), news('b', noVote), gone, met('ab'));
    expect(placeOf(life)).toBe('open gathering');
    life.send(news('b', noVote), met('ab'), gone);
    expect(placeOf(life)).toBe('agreed storing');
    expect(life.actor.getSnapshot().context.known).toEqual(['a', 'c']);
    const founder = lifeOf();
    founder.send(member, gone);
    expect(founder.actor.getSnapshot().context.known).toEqual(['a', 'c']);
  });

  test('an attempt is told when it is on disk, and not if it was overtaken', () => {
    const life = lifeOf();
    life.send(read(), news('b', vote(3, '')));
    const overtaken = life.book().next;
    life.send(news('b', vote(4, '')));
    life.did();
    life.send({ type: 'vote.stored', vote: overtaken });
    expect(life.did()).toEqual([]);
    expect(life.book().vote).toBe(noVote);
    life.stored();
    expect(life.did()).toEqual(['tellAll']);
    expect(life.book().vote.attempt).toBe(4);
  });
});

describe('joining', () => {
  test('a founder among others joins when it was asked after and the time was told', () => {
    const life = lifeOf();
    life.send(member);
    life.did();
    life.send(asked);
    expect(startOf(life)).toBe('untimed');
    expect(life.did()).toEqual(['greet', 'awaitTime']);
    life.send(timed);
    expect(startOf(life)).toBe('joined');
    expect(life.did()).toEqual(['join']);
    expect(life.actor.getSnapshot().hasTag('founded')).toBe(true);
    life.send(beat);
    expect(life.did()).toEqual(['tellSome']);
  });

  test('alone there is nobody to tell the time', () => {
    const life = lifeOf({ foundersMin: 1 });
    life.send(read(noVote, ['a']), asked);
    expect(startOf(life)).toBe('started');
    expect(life.did()).toEqual(['listen', 'greet']);
    life.send(met('a'));
    life.stored();
    life.stored();
    expect(startOf(life)).toBe('started');
    life.send(learned(true));
    expect(life.did()).toEqual(['store', 'tellAll', 'store', 'configure', 'tellAll', 'join']);
    expect(startOf(life)).toBe('joined');
  });
});

describe('the end', () => {
  const before: readonly (readonly [string, readonly MembershipEvent[]])[] = [
    ['arriving', [member]],
    ['joined', [member, asked, timed]],
  ];

  test.each(before)('gone while %s: it goes when that is on its disk', (_, events) => {
    const life = lifeOf();
    life.send(...events, departed);
    life.did();
    expect(life.actor.getSnapshot().value).toBe('leaving');
    life.send(beat);
    expect(life.did()).toEqual(['tellSome']);
    life.send({ type: 'departure.stored' });
    expect(life.actor.getSnapshot().value).toBe('left');
    expect(life.did()).toEqual(['fallSilent', 'endAsDeparted']);
  });

  test('gone, and the disk is full: it goes after a second', () => {
    const life = lifeOf();
    life.send(member, departed);
    life.clock.advance(limits.recallMsMax - 1);
    expect(life.actor.getSnapshot().value).toBe('leaving');
    life.clock.advance(1);
    expect(life.actor.getSnapshot().value).toBe('left');
  });

  test('gone by its own disk: it takes no place and hears nobody', () => {
    const life = lifeOf();
    life.send({ ...member, hasDeparted: true });
    expect(life.actor.getSnapshot().value).toBe('left');
    expect(life.did()).toEqual(['fallSilent', 'endAsDeparted']);
  });

  test.each([['reading', []], ...before, ['leaving', [member, departed]]] as const)(
    'stopped while %s: it says nothing more, and stays the member it was',
    (_, events) => {
      const life = lifeOf();
      life.send(...events);
      life.did();
      const { vote: kept } = life.book();
      life.send(stopping);
      expect(life.actor.getSnapshot().value).toBe('stopped');
      expect(life.did()).toEqual(['fallSilent']);
      expect(life.book().vote).toBe(kept);
      expect(life.clock.pending).toBe(0);
    },
  );
});

/** One event of a random life; `disk` holds votes that are being written. */
function someEvent(random: SimRandom, disk: readonly FoundingVote[]): MembershipEvent {
  const some = (): string[] => abc.filter((id) => id === 'a' || random.below(2) > 0);
  const list = (): string => random.pick(['', 'ab', 'ac', 'bc', 'abc']);
  const draw = random.below(40);
  if (draw < 6 && disk.length > 0) return { type: 'vote.stored', vote: random.pick(disk) };
  if (draw < 16) return met(some().join(''), random.below(30) === 0);
  if (draw < 17) return random.pick([asked, timed]);
  if (draw < 18) return random.pick([beat, newcomer]);
  if (draw < 19) return { type: 'newcomer.down', node: 'b', known: some() };
  if (draw < 20 && random.below(20) === 0) return random.pick([departed, stopping]);
  if (draw < 20) return learned(random.below(4) > 0);
  const stored = list();
  const told = vote(random.below(3), stored, random.below(20) === 0 ? stored : '');
  const from = random.pick(['b', 'c']);
  return { type: 'news.heard', from, told, reached: some(), known: some(), outdated: [] };
}

test('random lives: it acts upon what is on its disk alone, leaves no list of an attempt, and joins once', () => {
  const reached = new Set<string>();
  for (let seed = 0; seed < 150; seed++) {
    const random = new SimRandom(`life ${seed}`);
    const life = lifeOf({ inspect: () => undefined });
    life.send(read(noVote, abc));
    life.did();
    const disk: FoundingVote[] = [];
    let joins = 0;
    let isOfOne = false;
    for (let i = 0; i < 120; i++) {
      const before = life.book();
      const event = someEvent(random, disk);
      life.send(event);
      const did = life.did();
      const book = life.book();
      const snapshot = life.actor.getSnapshot();
      reached.add(placeOf(life));
      // What it votes goes to the disk, and only what was there becomes its vote.
      const isVoting = book.next !== before.next && event.type !== 'configuration.learned';
      expect(did.filter((what) => what === 'store')).toHaveLength(isVoting ? 1 : 0);
      if (isVoting) disk.push(book.next);
      if (book.vote !== before.vote)
        expect(event).toEqual({ type: 'vote.stored', vote: book.vote });
      // Attempts rise; of each there is one list, and of a cluster there is no way back.
      if (event.type !== 'configuration.learned') {
        expect(book.next.attempt).toBeGreaterThanOrEqual(before.next.attempt);
        if (book.next.attempt === before.next.attempt && before.next.stored.length > 0)
          expect(book.next.stored).toEqual(before.next.stored);
        if (before.next.founders.length > 0) expect(book.next).toBe(before.next);
      }
      if (listOf(book).length > 0) expect(listOf(book)).toContain('a');
      // It makes a configuration of founders that are on its disk; it has a place by one that is.
      if (did.includes('configure')) expect(book.vote.founders).toContain('a');
      isOfOne ||= event.type === 'configuration.learned' && event.isMember;
      if (snapshot.status === 'active' && !snapshot.matches('leaving'))
        expect(snapshot.hasTag('founded')).toBe(isOfOne);
      joins += did.filter((what) => what === 'join').length;
      if (snapshot.matches('joined')) expect([joins, isOfOne]).toEqual([1, true]);
    }
    expect(joins).toBeLessThanOrEqual(1);
  }
  for (const place of ['open outside', 'agreed confirming', 'joined', 'leaving', 'stopped'])
    expect(reached).toContain(place);
});

afterAll(() => expect(taken.missing(membershipMachine)).toEqual([]));

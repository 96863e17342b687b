/** The chart of what a node believes of a peer, alone: each transition, and random histories. */
import { afterAll, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createActor } from 'xstate';
import {
  peerChart,
  type PeerEvent,
  peerMachine,
} from '../../actors/failure-detector/peer.machine.js';
import { limits } from '../../actors/rules/limits.js';
import type { Reachability } from '../../actors/rules/membership.js';
import { ManualClock } from '../support/manual-clock.js';
import { TakenTransitions } from '../support/taken-transitions.js';

const taken = new TakenTransitions();

function peer() {
  const clock = new ManualClock();
  const done: string[] = [];
  const belief = { now: 'alive' as Reachability, isAbsent: false };
  const chart = peerChart({
    believe: (now) => {
      belief.now = now;
      done.push(now);
    },
    believeAbsent: (isAbsent) => (belief.isAbsent = isAbsent),
    tellAgain: () => done.push(`still ${belief.now}, ${belief.isAbsent ? 'gone' : 'there'}`),
    probe: () => done.push('probe'),
    strike: () => done.push('strike'),
  });
  const actor = createActor(chart, { clock, inspect: taken.inspect }).start();
  expect(done.splice(0)).toEqual(['alive']);
  const send = (event: PeerEvent): string[] => {
    actor.send(event);
    return done.splice(0);
  };
  return {
    belief,
    send,
    say: (type: 'peer.heard' | 'peer.removed' | 'self.ill' | 'self.well') => send({ type }),
    silent: (patienceMs = 0) => send({ type: 'peer.silent', patienceMs }),
    at: (type: 'peer.absent' | 'absence.reviewed' | 'self.deaf', atMs: number) =>
      send({ type, atMs }),
    pass: (ms: number) => {
      clock.advance(ms);
      return done.splice(0);
    },
    isCalm: () => actor.getSnapshot().hasTag('calm'),
    stop: () => {
      actor.stop();
      return clock.pending;
    },
  };
}

type Peer = ReturnType<typeof peer>;

/** Silent, and gone since 0. */
function gone(): Peer {
  const it = peer();
  expect(it.silent()).toEqual(['probe']);
  expect(it.at('peer.absent', 0)).toEqual(['suspect', 'probe']);
  expect(it.silent()).toEqual(['probe', 'down']);
  return it;
}

const { absenceMsMax, absenceRestMs, probeMsMax } = limits;

test('who answers in time was never suspect, whether this node was deaf meanwhile or not', () => {
  for (const isDeaf of [false, true]) {
    const it = peer();
    it.silent();
    if (isDeaf) it.at('self.deaf', 100);
    expect(it.say('peer.heard')).toEqual(['alive']);
    expect(it.pass(10_000)).toEqual([]);
  }
});

test('silence that is told again and again is news once', () => {
  const it = peer();
  expect(it.silent()).toEqual(['probe']);
  expect(it.isCalm()).toBe(false);
  expect(it.silent()).toEqual([]);
  expect(it.pass(probeMsMax)).toEqual(['strike', 'suspect', 'probe']);
  expect(it.silent()).toEqual([]);
  expect(it.say('peer.heard')).toEqual(['alive']);
  expect(it.isCalm()).toBe(true);
});

describe("NATS' word", () => {
  test('holds while it is said again, and is asked for', () => {
    const it = gone();
    expect(it.at('absence.reviewed', absenceRestMs - 1)).toEqual([]);
    expect(it.at('absence.reviewed', absenceRestMs)).toEqual(['probe']);
    expect(it.at('peer.absent', 1_000)).toEqual([]);
    expect(it.at('absence.reviewed', 1_000 + absenceMsMax)).toEqual(['probe']);
    expect(it.at('absence.reviewed', 1_001 + absenceMsMax)).toEqual(['still down, there']);
    expect(it.at('absence.reviewed', 9_000)).toEqual([]);
    expect(it.at('peer.absent', 9_000)).toEqual(['still down, gone']);
    expect(it.say('peer.heard')).toEqual(['alive']);
    expect(it.belief.isAbsent).toBe(false);
  });

  test('is no second source any more when it is old', () => {
    const it = peer();
    expect(it.at('peer.absent', 0)).toEqual(['suspect', 'probe']);
    expect(it.at('peer.absent', 5)).toEqual([]);
    expect(it.at('absence.reviewed', 6 + absenceMsMax)).toEqual(['still suspect, there']);
    expect(it.silent()).toEqual(['probe']);
    expect(it.belief).toEqual({ now: 'suspect', isAbsent: false });
    expect(it.at('peer.absent', 9_000)).toEqual(['down']);
  });

  test('may have been said while this node was deaf', () => {
    const it = gone();
    it.at('self.deaf', 5_000);
    expect(it.at('absence.reviewed', 5_000 + absenceMsMax)).toEqual(['probe']);
    const there = peer();
    there.at('self.deaf', 5_000);
    expect(there.at('absence.reviewed', 9_000)).toEqual([]);
    expect(there.belief.isAbsent).toBe(false);
  });

  test('goes on when this node was ill, and its silence begins anew', () => {
    const it = peer();
    it.at('peer.absent', 0);
    it.say('self.ill');
    expect([it.silent(), it.at('peer.absent', 50)]).toEqual([[], []]);
    it.at('self.deaf', 9_000);
    expect(it.say('self.well')).toEqual(['suspect', 'probe']);
    expect(it.belief.isAbsent).toBe(true);
    expect(it.silent()).toEqual(['probe', 'down']);
  });
});

test('who is heard while this node is ill is alive', () => {
  const it = gone();
  it.say('self.ill');
  expect(it.say('peer.heard')).toEqual(['alive']);
  expect(it.belief.isAbsent).toBe(false);
});

describe('removed', () => {
  test.each<[from: string, before: (it: Peer) => unknown]>([
    ['alive', () => undefined],
    ['probed', (it) => it.silent()],
    ['suspect', (it) => it.at('peer.absent', 0)],
    ['ill', (it) => it.say('self.ill')],
  ])('%s, and from then on down whatever is heard', (_, before) => {
    const it = peer();
    before(it);
    expect(it.say('peer.removed')).toEqual(['down']);
    expect(it.isCalm()).toBe(true);
    for (const type of ['peer.heard', 'peer.removed', 'self.ill'] as const)
      expect(it.say(type)).toEqual([]);
    // So that NATS says whether it is there.
    expect([it.silent(), it.silent()]).toEqual([['probe'], []]);
    expect([it.say('peer.heard'), it.say('self.well'), it.pass(10_000)]).toEqual([[], [], []]);
    expect(it.stop()).toBe(0);
  });

  test("only NATS' word on it counts", () => {
    const it = peer();
    it.say('peer.removed');
    expect(it.at('peer.absent', 0)).toEqual(['still down, gone']);
    expect(it.at('peer.absent', 500)).toEqual([]);
    expect(it.at('absence.reviewed', 500 + absenceMsMax)).toEqual(['probe']);
    expect(it.at('absence.reviewed', 501 + absenceMsMax)).toEqual(['still down, there']);
  });
});

test('witnesses count with own silence, and not when they have changed their mind', () => {
  const it = peer();
  expect(it.send({ type: 'witness.suspects', witness: 'b' })).toEqual([]);
  it.send({ type: 'witness.trusts', witness: 'b' });
  it.silent();
  expect(it.pass(probeMsMax)).toEqual(['strike', 'suspect', 'probe']);
  expect(it.send({ type: 'witness.suspects', witness: 'b' })).toEqual(['down']);
  expect(it.say('self.ill')).toEqual([]);
  expect(it.say('self.well')).toEqual(['down']);
});

describe('who does not answer at once is waited for', () => {
  const patienceMs = 2 * probeMsMax;
  const witness = { type: 'witness.suspects', witness: 'b' } as const;

  function unanswered(): Peer {
    const it = peer();
    expect(it.silent(patienceMs)).toEqual(['probe']);
    expect(it.pass(probeMsMax)).toEqual(['strike', 'probe']);
    expect(it.belief.now).toBe('alive');
    return it;
  }

  test('until it answers', () => {
    const it = unanswered();
    expect(it.say('peer.heard')).toEqual(['alive']);
    expect(it.pass(10_000)).toEqual([]);
  });

  test('until that time is over', () => {
    const it = unanswered();
    expect(it.pass(patienceMs - 1)).toEqual([]);
    expect(it.pass(1)).toEqual(['suspect', 'probe']);
    expect(it.send(witness)).toEqual(['down']);
  });

  test('until another misses it as well', () => {
    expect(unanswered().send(witness)).toEqual(['suspect', 'probe', 'down']);
  });

  test('not where another missed it before', () => {
    const it = peer();
    it.send(witness);
    it.silent(patienceMs);
    expect(it.pass(probeMsMax)).toEqual(['strike', 'suspect', 'probe', 'down']);
  });

  test('until NATS says that it is not there, which alone is no silence', () => {
    const it = unanswered();
    expect(it.at('peer.absent', 0)).toEqual(['suspect', 'probe']);
    expect(it.pass(patienceMs)).toEqual([]);
    expect(it.silent(patienceMs)).toEqual(['probe', 'down']);
  });
});

const events = fc.constantFrom(
  'peer.heard',
  'peer.silent',
  'peer.absent',
  'absence.reviewed',
  'self.deaf',
  'self.ill',
  'self.well',
  'peer.removed',
  'witness.suspects',
  'witness.trusts',
);
const steps = fc.record({
  type: events,
  ms: fc.integer({ min: 0, max: 3_000 }),
  patienceMs: fc.constantFrom(0, 800),
});

test('random histories: nobody is down without two sources, or stays so when it is heard', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 30 }), (history) => {
      const it = peer();
      let nowMs = 0;
      const seen = { isRemoved: false, isSilent: false, absentMs: -Infinity, witnesses: false };
      for (const { type, ms, patienceMs } of history) {
        nowMs += ms;
        it.pass(ms);
        const before = it.belief.now;
        if (type === 'witness.suspects' || type === 'witness.trusts') {
          it.send({ type, witness: 'b' });
          seen.witnesses = type === 'witness.suspects';
        } else if (type === 'peer.absent' || type === 'absence.reviewed' || type === 'self.deaf')
          it.at(type, nowMs);
        else if (type === 'peer.silent') it.silent(patienceMs);
        else it.say(type);
        if (type === 'peer.removed') seen.isRemoved = true;
        if (type === 'peer.silent') seen.isSilent = true;
        if (type === 'peer.absent' || type === 'self.deaf') seen.absentMs = nowMs;
        if (type === 'peer.heard' && !seen.isRemoved)
          Object.assign(seen, { isSilent: false, absentMs: -Infinity });
        const { now, isAbsent } = it.belief;
        if (seen.isRemoved) expect(now).toBe('down');
        else if (type === 'peer.heard') expect(now).toBe('alive');
        else if (now === 'down' && before !== 'down')
          expect(seen.isSilent && (isAbsent || seen.witnesses)).toBe(true);
        if (now === 'alive') expect(isAbsent).toBe(false);
        if (type === 'absence.reviewed' && nowMs - seen.absentMs > absenceMsMax)
          expect(isAbsent).toBe(false);
      }
      it.stop();
    }),
  );
});

afterAll(() => expect(taken.missing(peerMachine)).toEqual([]));

/** The chart of the rhythm in which a node tells others, alone: each transition. */
import { afterAll, expect, test } from '@jest/globals';
import { createActor } from 'xstate';
import { type GossipEvent, gossipMachine } from '../../actors/membership/gossip.machine.js';
import { limits } from '../../actors/rules/limits.js';
import { ManualClock } from '../support/manual-clock.js';
import { TakenTransitions } from '../support/taken-transitions.js';

const taken = new TakenTransitions();
const { gossipIntervalMs, reviewIntervalMs, claimIntervalMs } = limits;

function gossip() {
  const clock = new ManualClock();
  const done: string[] = [];
  const note = (what: string) => () => void done.push(what);
  const chart = gossipMachine.provide({
    actions: {
      greet: note('greet'),
      spread: note('spread'),
      beat: note('beat'),
      review: note('review'),
      claimId: note('claimId'),
      suspend: note('suspend'),
      resume: note('resume'),
    },
  });
  const actor = createActor(chart, { clock, inspect: taken.inspect }).start();
  expect(done.splice(0)).toEqual(['greet']);
  return {
    say: (type: GossipEvent['type']): string[] => {
      actor.send({ type });
      return done.splice(0);
    },
    /** How often it did that meanwhile. */
    count: (what: string, ms: number): number => {
      clock.advance(ms);
      return done.splice(0).filter((one) => one === what).length;
    },
    pending: () => clock.pending,
  };
}

test.each([
  ['beat', gossipIntervalMs],
  ['review', reviewIntervalMs],
  ['claimId', claimIntervalMs],
])('%s: again and again', (what, ms) => {
  const it = gossip();
  expect([it.count(what, ms), it.count(what, ms)]).toEqual([1, 1]);
});

test('a doubt is told at once; those that follow, however many, together a little later', () => {
  const it = gossip();
  expect(it.say('peer.doubted')).toEqual(['spread']);
  for (let i = 0; i < 100; i++) expect(it.say('peer.doubted')).toEqual([]);
  expect(it.count('spread', reviewIntervalMs - 1)).toBe(0);
  expect(it.count('spread', 1)).toBe(1);
  expect(it.count('spread', 10 * reviewIntervalMs)).toBe(0);
  expect(it.say('peer.doubted')).toEqual(['spread']);
});

test('cut off from NATS it tells nothing and blames nobody; then it greets everyone', () => {
  const it = gossip();
  it.say('peer.doubted');
  expect(it.say('link.lost')).toEqual(['suspend']);
  expect([it.say('peer.doubted'), it.pending()]).toEqual([[], 0]);
  expect(it.say('link.restored')).toEqual(['resume', 'greet']);
  expect([it.say('node.stopping'), it.pending()]).toEqual([[], 0]);
});

afterAll(() => expect(taken.missing(gossipMachine)).toEqual([]));

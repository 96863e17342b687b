import { expect, test } from '@jest/globals';
import type { PeerAnswer, Peers } from '../../src/bus/peers.js';
import { ChainExchange, type ChainExchangeOptions } from '../../src/membership/chain-exchange.js';
import { ManualClock } from '../support/manual-clock.js';

/** Of its parts a fetch touches these two, until a configuration has come. */
function exchangeOver(clock: ManualClock): {
  readonly exchange: ChainExchange;
  readonly answers: ((answer: PeerAnswer) => void)[];
  readonly givenUp: number[];
} {
  const answers: ((answer: PeerAnswer) => void)[] = [];
  const givenUp: number[] = [];
  const peers: Pick<Peers, 'call' | 'giveUp'> = {
    call: (_to, _verb, _body, onAnswer) => answers.push(onAnswer),
    giveUp: (call) => void givenUp.push(call),
  };
  const options = { clock, peers } as unknown as ChainExchangeOptions;
  return { exchange: new ChainExchange(options), answers, givenUp };
}

test('a fetch that is answered leaves no timer: a node that has stopped would wait for it', () => {
  const clock = new ManualClock();
  const { exchange, answers, givenUp } = exchangeOver(clock);
  exchange.fetchFrom('a');
  expect(clock.pending).toBe(1);
  answers[0]!({ kind: 'noResponders' });
  expect(clock.pending).toBe(0);
  clock.advance(60_000);
  expect(givenUp).toEqual([]);
});

test('one that is not answered is given up', () => {
  const clock = new ManualClock();
  const { exchange, givenUp } = exchangeOver(clock);
  exchange.fetchFrom('a');
  clock.advance(60_000);
  expect(givenUp).toEqual([1]);
});

/**
 * The context handed back to the author of a put: what it has seen, found or not, its own write,
 * and no sibling it did not see.
 */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { actorOf } from '../../../actors/rules/actor.js';
import { limits } from '../../../actors/rules/limits.js';
import { standing } from '../../../actors/rules/operations.js';
import { contextForAuthor } from '../../../actors/rules/view.js';
import {
  compareDots,
  counterOf,
  covers,
  hasSeen,
  mint,
  sameDot,
  type Context,
  type Dot,
  type KeyState,
  type SeenContext,
} from '../../../actors/rules/versions.js';
import { decodeSeen, encodeSeen } from '../../../src/wire/key-state-codec.js';
import { context, keyState } from '../../support/key-states.js';

const self = actorOf('00000000000000aa', 7);

/** Of a vector and dots beside it, as they come from outside. */
const seenContext = fc.tuple(context, context).map(([vector, others]): SeenContext => ({
  vector,
  dots: others.filter((dot) => !covers(vector, dot)),
}));

function put(local: KeyState, seen: SeenContext): { readonly state: KeyState; readonly dot: Dot } {
  const value = Buffer.from('x');
  const times = { writtenAtMs: 1, expiresAtMs: 0, operation: '' };
  const state = mint({ local, seen, actor: self, value, ...times });
  return { state, dot: { actor: self, counter: counterOf(state.context, self) } };
}

/** Up to `count` entries of actors nobody else has. */
function strangers(count: number, epoch: number): Context {
  return Array.from({ length: count }, (_, i) => ({
    actor: actorOf('00000000000000ee', epoch + i),
    counter: 3,
  })).sort(compareDots);
}

describe('context for an author', () => {
  test('claims all that the author had seen, and its own write', () => {
    fc.assert(
      fc.property(keyState, seenContext, (local, seen) => {
        const { state, dot } = put(local, seen);
        const back = contextForAuthor({ state, seen, isAllFound: false, dot });
        // What was seen and is gone needs no claim: who has the new write has what replaced it.
        const isClaimed = (claim: Dot): boolean =>
          hasSeen(back, claim) || covers(state.context, claim);
        return hasSeen(back, dot) && [...seen.vector, ...seen.dots].every(isClaimed);
      }),
      { seed: 7, numRuns: 5_000 },
    );
  });

  test('claims no sibling the author had not seen', () => {
    fc.assert(
      fc.property(keyState, seenContext, (local, seen) => {
        const { state, dot } = put(local, seen);
        const back = contextForAuthor({ state, seen, isAllFound: false, dot });
        return standing(state.siblings).every(
          (sibling) =>
            sameDot(sibling.dot, dot) || hasSeen(seen, sibling.dot) || !hasSeen(back, sibling.dot),
        );
      }),
      { seed: 8, numRuns: 5_000 },
    );
  });

  test('beside a sibling the author had not seen it claims nothing but what was seen, and the new write', () => {
    let besides = 0;
    fc.assert(
      fc.property(keyState, seenContext, (local, seen) => {
        const { state, dot } = put(local, seen);
        const isSeen = (other: Dot): boolean => sameDot(other, dot) || hasSeen(seen, other);
        fc.pre(standing(state.siblings).some((sibling) => !isSeen(sibling.dot)));
        besides++;
        const { vector, dots } = contextForAuthor({ state, seen, isAllFound: false, dot });
        const claims = vector.flatMap(({ actor, counter }) =>
          Array.from({ length: Math.min(counter, 50) }, (__, i) => ({
            actor,
            counter: counter - i,
          })),
        );
        return [...claims, ...dots].every(isSeen);
      }),
      { seed: 11, numRuns: 5_000 },
    );
    expect(besides).toBeGreaterThan(1_000);
  });

  test('claims nothing beyond the state when all of it was found', () => {
    fc.assert(
      fc.property(keyState, seenContext, (local, seen) => {
        const { state, dot } = put(local, seen);
        const { vector, dots } = contextForAuthor({ state, seen, isAllFound: true, dot });
        return [...vector, ...dots].every((claim) => covers(state.context, claim));
      }),
      { seed: 9, numRuns: 5_000 },
    );
  });

  test('is one that may come in again', () => {
    fc.assert(
      fc.property(keyState, seenContext, fc.boolean(), (local, seen, isAllFound) => {
        const claims = [...local.context, ...seen.vector, ...seen.dots];
        fc.pre(claims.every(({ counter }) => counter <= limits.contextCounterMax));
        const { state, dot } = put(local, seen);
        const back = contextForAuthor({ state, seen, isAllFound, dot });
        expect(decodeSeen(encodeSeen(back))).toEqual(back);
      }),
      { seed: 10, numRuns: 2_000 },
    );
  });

  test('is cut to what may come in: what names a sibling stays', () => {
    const local = { context: strangers(200, 1), siblings: [] };
    const vector = strangers(limits.contextEntriesMax, 1_000);
    const dots = strangers(limits.siblingsMax, 5_000);
    const { state, dot } = put(local, { vector, dots });
    const back = contextForAuthor({ state, seen: { vector, dots }, isAllFound: false, dot });
    expect(back.vector).toHaveLength(limits.contextEntriesMax);
    expect(back.dots).toHaveLength(limits.siblingsMax);
    expect(hasSeen(back, dot)).toBe(true);
  });
});

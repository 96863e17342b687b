import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { limits } from '../../../actors/rules/limits.js';
import { chainLimits } from '../../../actors/rules/limits/chain.js';
import { MalformedError } from '../../../src/errors.js';
import { changeQuestionOf } from '../../../src/wire/change-form.js';
import { idOf } from '../../support/configurations.js';

const [a, b, c] = [1, 2, 3].map(idOf) as [string, string, string];
const nothing = { add: [], leave: [], remove: [], replace: [], places: [] };

function asked(question: unknown): ReturnType<typeof changeQuestionOf> {
  return changeQuestionOf(Buffer.from(JSON.stringify(question)));
}

function reading(bytes: Uint8Array): () => unknown {
  return () => changeQuestionOf(bytes);
}

describe('what an operator asks for', () => {
  test('a plan: what is not said is empty', () => {
    expect(asked({ ask: 'plan' })).toEqual({ ask: 'plan', wishes: nothing });
    const wishes = {
      add: [a],
      leave: [b],
      remove: [c],
      replace: [{ old: c, by: a }],
      places: [{ id: b, name: 'n', host: 'ü', zone: '', weight: 0.5 }, { id: a }],
      ring: 2,
    };
    expect(asked({ ask: 'plan', ...wishes })).toEqual({ ask: 'plan', wishes });
  });

  test('a recovery is shown, and asked for as it was shown', () => {
    expect(asked({ ask: 'recovery' })).toEqual({ ask: 'recovery' });
    const recover = { ask: 'recover', from: 7, lost: [b, c] };
    expect(asked(recover)).toEqual(recover);
    expect(asked({ ask: 'recover', from: 7 })).toEqual({ ...recover, lost: [] });
  });

  test('a plan is applied as it was answered; a move is cancelled', () => {
    const plan = { number: 7, wishes: { ...nothing, leave: [b] } };
    expect(asked({ ask: 'apply', plan })).toEqual({ ask: 'apply', plan });
    expect(asked({ ask: 'cancel' })).toEqual({ ask: 'cancel' });
  });

  const many = Array.from({ length: limits.membersMax + 1 }, (_, i) => idOf(i + 1));
  test.each<[RegExp, unknown]>([
    [/^the question: an object, not \[\]/, []],
    [/^the question: an object, not null/, null],
    [/^ask: plan, apply, cancel, recovery or recover, not nothing/, {}],
    [/^ask: plan, apply, cancel, recovery or recover, not "plam"/, { ask: 'plam' }],
    [/has a field "wieght" that nobody knows: ask, add, /, { ask: 'plan', wieght: 1 }],
    [/has a field "__proto__" that nobody knows/, JSON.parse('{"ask":"plan","__proto__":1}')],
    [/has a field "move" that nobody knows: ask$/, { ask: 'cancel', move: 3 }],
    [/^add: a list, not "n4"/, { ask: 'plan', add: 'n4' }],
    [/^add\[1\]: the id of a node, 16 hex digits, not "n4"/, { ask: 'plan', add: [a, 'n4'] }],
    [/^leave: at most 256 entries.* not 257/, { ask: 'plan', leave: many }],
    [/^replace\[0\]: an object/, { ask: 'plan', replace: [a] }],
    [/^replace\[0\]\.by: the id of a node.* not nothing/, { ask: 'plan', replace: [{ old: a }] }],
    [/^replace\[0\] has a field "new"/, { ask: 'plan', replace: [{ old: a, by: b, new: c }] }],
    [/^places\[0\]\.id: /, { ask: 'plan', places: [{ weight: 1 }] }],
    [/^places\[1\]\.id: it is named twice/, { ask: 'plan', places: [{ id: a }, { id: a }] }],
    [
      /^places\[0\]\.weight: above 0, up to 64, not 0: /,
      { ask: 'plan', places: [{ id: a, weight: 0 }] },
    ],
    [/^places\[0\]\.weight: .* not "2"/, { ask: 'plan', places: [{ id: a, weight: '2' }] }],
    [/^places\[0\]\.name: a node needs one/, { ask: 'plan', places: [{ id: a, name: '' }] }],
    [/^places\[0\]\.host: up to 128 bytes/, { ask: 'plan', places: [{ id: a, host: 'h\n' }] }],
    [
      /^places\[0\]\.zone: up to 128 bytes/,
      { ask: 'plan', places: [{ id: a, zone: 'z'.repeat(129) }] },
    ],
    [/^ring: version 1 or 2, not 3/, { ask: 'plan', ring: 3 }],
    [/^from: the number of a configuration, not 0/, { ask: 'recover', from: 0, lost: [a] }],
    [/^lost\[0\]: the id of a node/, { ask: 'recover', from: 1, lost: ['n3'] }],
    [/has a field "lost" that nobody knows: ask$/, { ask: 'recovery', lost: [a] }],
    [/^plan: an object, not nothing/, { ask: 'apply' }],
    [
      /^plan\.number: .* not 1\.5: apply the plan as it was answered/,
      { ask: 'apply', plan: { number: 1.5 } },
    ],
    [/^plan\.wishes: an object/, { ask: 'apply', plan: { number: 1 } }],
    [
      /^plan\.wishes has a field "rings"/,
      { ask: 'apply', plan: { number: 1, wishes: { rings: 2 } } },
    ],
  ])('%s', (why, question) => {
    expect(() => asked(question)).toThrow(MalformedError);
    expect(() => asked(question)).toThrow(why);
  });

  test('no JSON, no UTF-8, too much of it', () => {
    expect(reading(Buffer.from('{"ask":'))).toThrow(/^not JSON/);
    expect(reading(Buffer.alloc(0))).toThrow(/^not JSON/);
    expect(reading(Buffer.from([0x22, 0xff, 0x22]))).toThrow(/^not JSON/);
    const { changeBytesMax } = chainLimits;
    expect(reading(Buffer.from('['.repeat(changeBytesMax)))).toThrow(MalformedError);
    expect(reading(Buffer.alloc(changeBytesMax + 1, ' '))).toThrow(/at most 262144 bytes/);
  });

  test('whatever comes in: a question, or MalformedError in a few words', () => {
    const fields = fc.dictionary(
      fc.constantFrom('ask', 'add', 'leave', 'remove', 'replace', 'places', 'ring', 'plan', 'x'),
      fc.oneof(fc.jsonValue(), fc.array(fc.oneof(fc.constant(a), fc.jsonValue()))),
    );
    const kind = fc.constantFrom('plan', 'apply', 'cancel');
    const question = fc.oneof(
      fc.jsonValue(),
      fc.tuple(kind, fields).map(([ask, rest]) => Object.assign(rest, { ask })),
      fields.map((wishes) => ({ ask: 'apply', plan: { number: 1, wishes } })),
    );
    fc.assert(
      fc.property(question, (value) => {
        try {
          expect(asked(value).ask).toMatch(/^(plan|apply|cancel)$/);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError);
          expect((error as Error).message.length).toBeLessThan(400);
        }
      }),
    );
  });
});

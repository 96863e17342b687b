import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { actorBytes } from '../../../actors/rules/actor.js';
import { limits } from '../../../actors/rules/limits.js';
import { emptyState, mint, type KeyState } from '../../../actors/rules/versions.js';
import { ReplacedOperations } from '../../../src/coordinator/replaced-operations.js';
import { spanOf } from '../../../src/wire/encoded-states.js';
import { encodeState } from '../../../src/wire/key-state-codec.js';

interface Write {
  readonly actor: string;
  readonly operation: string;
}

/** A blind put on `local`. */
function put(local: KeyState, { actor, operation }: Write): KeyState {
  const what = { value: null, writtenAtMs: 0, expiresAtMs: 0 };
  const seen = undefined;
  return mint({ local, seen, actor: actor.padEnd(actorBytes), operation, ...what });
}

type Way = 'objects' | 'bytes';

/** A key whose first operation is replaced. */
function replaceOne(replaced: ReplacedOperations, write: Write, way: Way = 'objects'): KeyState {
  const first = put(emptyState, write);
  const second = put(first, { actor: write.actor, operation: '' });
  if (way === 'objects') replaced.note(first, second);
  else replaced.noteAll(spanOf(encodeState(first)));
  return second;
}

describe.each<Way>(['objects', 'bytes'])('noted from %s', (way) => {
  test('an operation is known as long as the state covers its dot, and not for another key', () => {
    const replaced = new ReplacedOperations();
    const state = replaceOne(replaced, { actor: 'of k', operation: 'op-1' }, way);
    const other = put(emptyState, { actor: 'of l', operation: '' });
    const dot = { actor: 'of k'.padEnd(actorBytes), counter: 1 };
    expect(replaced.has('op-1')).toBe(true);
    expect(replaced.dotOf('op-1', state)).toEqual(dot);
    expect(replaced.dotOf('op-2', state)).toBeUndefined();
    expect(replaced.dotOf('op-1', other)).toBeUndefined();
  });

  test('puts without an operation are not kept', () => {
    const replaced = new ReplacedOperations();
    const state = replaceOne(replaced, { actor: 'a', operation: '' }, way);
    expect(replaced.has('')).toBe(false);
    expect(replaced.dotOf('', state)).toBeUndefined();
  });

  test(`of more than ${limits.replacedOperationsMax} the last so many are known, and those before are not`, () => {
    const replaced = new ReplacedOperations();
    const most = limits.replacedOperationsMax;
    const operations = Array.from({ length: 2 * most + 7 }, (_, i) => `op-${i}`);
    for (const operation of operations) replaceOne(replaced, { actor: 'a', operation }, way);
    const known = operations.map((operation) => replaced.has(operation));
    expect(known.lastIndexOf(false)).toBe(operations.length - most - 1);
    expect(known.indexOf(true)).toBe(operations.length - most);
  });
});

test('the longest operation and bytes of any kind are known as they were noted, and nothing like them', () => {
  const anyText = fc
    .uint8Array({ minLength: 1, maxLength: limits.operationIdBytesMax })
    .map((bytes) => Buffer.from(bytes).toString('latin1'));
  const one = new ReplacedOperations();
  fc.assert(
    fc.property(anyText, fc.constantFrom<Way>('objects', 'bytes'), (operation, way) => {
      const replaced = new ReplacedOperations();
      const state = replaceOne(replaced, { actor: 'a', operation }, way);
      replaceOne(one, { actor: 'b', operation }, way);
      expect(replaced.dotOf(operation, state)?.counter).toBe(1);
      expect(one.has(operation)).toBe(true);
      expect(replaced.has(operation.slice(1))).toBe(false);
      expect(replaced.has(`${operation}\0`)).toBe(false);
    }),
  );
});

import { expect, test } from '@jest/globals';
import { limits } from '../../../actors/rules/limits.js';
import { emptyState, mint, type KeyState } from '../../../actors/rules/versions.js';
import { ReplacedOperations } from '../../../src/coordinator/replaced-operations.js';

/** A blind put on `local`. */
function put(
  local: KeyState,
  { actor, operation }: { actor: string; operation: string },
): KeyState {
  const what = { value: null, writtenAtMs: 0, expiresAtMs: 0 };
  return mint({ local, seen: undefined, actor, operation, ...what });
}

/** A key whose first operation is replaced. */
function replaceOne(replaced: ReplacedOperations, actor: string, operation: string): KeyState {
  const first = put(emptyState, { actor, operation });
  const second = put(first, { actor, operation: '' });
  replaced.note(first, second);
  return second;
}

test('an operation is known as long as the state covers its dot, and not for another key', () => {
  const replaced = new ReplacedOperations();
  const state = replaceOne(replaced, 'actor of k', 'op-1');
  const other = put(emptyState, { actor: 'actor of l', operation: '' });
  expect(replaced.dotOf('op-1', state)).toEqual({ actor: 'actor of k', counter: 1 });
  expect(replaced.dotOf('op-2', state)).toBeUndefined();
  expect(replaced.dotOf('op-1', other)).toBeUndefined();
});

test('puts without an operation are not kept', () => {
  const replaced = new ReplacedOperations();
  const state = replaceOne(replaced, 'actor', '');
  expect(replaced.dotOf('', state)).toBeUndefined();
});

test(`of ${limits.replacedOperationsMax + 1} replaced operations the last half is known, and the first is not`, () => {
  const replaced = new ReplacedOperations();
  const count = limits.replacedOperationsMax + 1;
  const states = Array.from({ length: count }, (_, i) => replaceOne(replaced, `${i}`, `op-${i}`));
  const known = states.map((state, i) => replaced.dotOf(`op-${i}`, state) !== undefined);
  expect(known[0]).toBe(false);
  expect(known.slice(-limits.replacedOperationsMax / 2)).not.toContain(false);
});

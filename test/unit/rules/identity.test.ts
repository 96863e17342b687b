import { expect, test } from '@jest/globals';
import { isLaterLife, laterLife } from '../../../actors/rules/identity.js';

test('of what several have seen of a node the latest counts, and the most epochs, whoever told it last', () => {
  const some = { generation: 3, epochs: 9_000 };
  const others = { generation: 4, epochs: 7_000 };
  expect(laterLife(some, others)).toEqual({ generation: 4, epochs: 9_000 });
  expect(laterLife(others, some)).toEqual({ generation: 4, epochs: 9_000 });
});

test('a generation that others saw before this life told anybody of itself is that of another life', () => {
  expect(isLaterLife({ generation: 4, epochs: 1 }, 5)).toBe(false);
  expect(isLaterLife({ generation: 5, epochs: 1 }, 5)).toBe(true);
  expect(isLaterLife({ generation: 6, epochs: 1 }, 5)).toBe(true);
});

import { expect, test } from '@jest/globals';
import { placeProblem } from '../../src/membership/own-place.js';

const own = { name: 'n1', host: 'h1', zone: '', weight: 1 };

test('a node that was started as it is has nothing to say', () => {
  expect(placeProblem({ ...own }, own)).toBeUndefined();
});

test.each<[Partial<typeof own>, string]>([
  [{ weight: 2 }, 'quorate ring plan --weight n1=2, and apply'],
  [{ host: 'h2', zone: 'b' }, 'quorate ring plan --host n1=h2 --zone n1=b, and apply'],
  [{ name: 'other' }, 'quorate ring plan --name n1=other, and apply'],
  [{ name: 'other', weight: 2 }, 'quorate ring plan --name n1=other --weight n1=2, and apply'],
  [{ zone: "Bob's room" }, String.raw`quorate ring plan --zone 'n1=Bob'\''s room', and apply`],
])('what differs is a proposal, with the command that takes it up: %j', (told, command) => {
  const problem = placeProblem({ ...own, ...told }, own);
  expect(problem).toContain(command);
  expect(problem).toContain("has it as 'n1' on host 'h1' in zone '' with weight 1");
});

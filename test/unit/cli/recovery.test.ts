/** A recovery as an operator sees it. */
import { Command } from 'commander';
import { describe, expect, test } from '@jest/globals';
import { checkLost } from '../../../src/cli/changes/lost-nodes.js';
import { recoveryFrom } from '../../../src/cli/changes/recovery-answer.js';
import { priceText, recoveryText } from '../../../src/cli/changes/recovery-text.js';
import { addRecover } from '../../../src/cli/commands/recover.js';
import { MalformedError } from '../../../src/errors.js';
import type { RecoveryForm } from '../../../src/wire/recovery-form.js';

const [one, two, three, ten] = ['1', '2', '3', 'a'].map((digit) => digit.repeat(16)) as [
  string,
  string,
  string,
  string,
];

const recovery: RecoveryForm = {
  from: 7,
  number: 2 ** 20,
  partitions: 256,
  survivors: [one],
  lost: [ten, two, three],
  isBegun: false,
  endsMove: false,
  losses: [{ n: 3, w: 2, gone: [0, 1, 2, 9], omitted: 0, exposed: 100 }],
  names: { [one]: 'n1', [two]: 'n2', [three]: 'n3', [ten]: 'n10' },
};

function run(...words: string[]): Promise<unknown> {
  const program = new Command('quorate').exitOverride();
  addRecover(program);
  const [command] = program.commands;
  command!.action(() => undefined);
  return program.parseAsync(['recover', ...words], { from: 'user' }).then(() => command!.opts());
}

describe('what is shown', () => {
  test('who is left, who is lost, which partitions have no replica, and where writes may be lost', () => {
    expect(recoveryText(recovery).split('\n')).toEqual([
      'The members of this cluster that are left, on configuration 7: n1',
      'Lost, nobody hears them: n2 n3 n10',
      '4 of 256 partitions have no replica left, and all that is in them is lost: 0-2, 9',
      '100 partitions have lost W=2 of their replicas or more: writes that were acknowledged by those alone are lost',
    ]);
    expect(priceText(recovery)).toMatch(/^n2 n3 n10: gone for good.*1048576/);
  });

  test('of each N by itself; of many partitions the first; and that nothing is lost', () => {
    const gone = Array.from({ length: 40 }, (_, i) => 2 * i);
    const losses = [
      { n: 1, w: 1, gone, omitted: 5, exposed: 0 },
      { n: 3, w: 3, gone: [], omitted: 0, exposed: 0 },
    ];
    const text = recoveryText({ ...recovery, losses, endsMove: true });
    expect(text).toMatch(/45 of 256 partitions .* of buckets with N=1, W=1: 0, 2, .*30 …/);
    expect(text).toMatch(/Every write that was acknowledged by W=3 is left, of buckets with N=3/);
    expect(text).toMatch(/move that is under way is over/);
    expect(recoveryText({ ...recovery, lost: [] })).toMatch(/Nobody is lost/);
    expect(recoveryText({ ...recovery, isBegun: true })).toMatch(/^An earlier .*\n.*\nLost: n2/);
    expect(priceText({ ...recovery, lost: [] })).toMatch(/configuration 1048576/);
  });
});

test('who is said to be lost is all who are, by names or ids', () => {
  expect(() => checkLost(['n2', three, 'n10'], recovery)).not.toThrow();
  expect(() => checkLost(['n2', 'n3'], recovery)).toThrow(/n10 would be lost as well/);
  expect(() => checkLost(['n2', 'n3', 'n10', 'n1'], recovery)).toThrow(/n1 would not be lost/);
});

test('what a node answers is read whole, or refused', () => {
  const answer = { recovery: JSON.parse(JSON.stringify(recovery)) as Record<string, unknown> };
  expect(recoveryFrom(answer)).toEqual(recovery);
  for (const field of Object.keys(recovery))
    expect(() => recoveryFrom({ recovery: { ...answer.recovery, [field]: 'x' } })).toThrow(
      MalformedError,
    );
});

test('names come one by one or in a list', async () => {
  expect(await run('--lost', 'n3,n4', '--lost', 'n5', '--yes')).toMatchObject({
    lost: ['n3', 'n4', 'n5'],
    yes: true,
  });
});

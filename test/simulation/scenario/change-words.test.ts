import { describe, expect, test } from '@jest/globals';
import { isFault } from '../cluster/faults.js';
import { isPhase } from '../cluster/changes.js';
import { changeOf } from '../cluster/operator.js';
import { parseCommand } from '../core/commands.js';
import { begun, finished, founded, idOf, moved } from '../oracle/made-up.js';
import { changesMark, drawWorld } from '../world-options.js';
import { unexpected, type ChangeView } from './change-words.js';

const nothing = { kind: 'plan', add: [], leave: [], remove: [], replace: [], places: [] };

describe('what an operator asks for', () => {
  const rights: readonly (readonly [string, object])[] = [
    ['change add=n4,n5', { ...nothing, add: ['n4', 'n5'] }],
    ['change add=n4 leave=n1', { ...nothing, add: ['n4'], leave: ['n1'] }],
    ['change leave n1', { ...nothing, leave: ['n1'] }],
    ['change remove n1 n2', { ...nothing, remove: ['n1', 'n2'] }],
    ['change replace n2~ n2', { ...nothing, replace: [{ old: 'n2~', by: 'n2' }] }],
    ['change replace=n2~:n2', { ...nothing, replace: [{ old: 'n2~', by: 'n2' }] }],
    [
      'change weight=n1:2 host=n2:rack zone=n3:b',
      {
        ...nothing,
        places: [
          { name: 'n1', weight: 2 },
          { name: 'n2', host: 'rack' },
          { name: 'n3', zone: 'b' },
        ],
      },
    ],
    ['change cancel', { kind: 'cancel' }],
  ];

  test.each(rights)('%s', (text, change) => {
    expect(changeOf(parseCommand(text)!)).toEqual(change);
  });

  test.each(['change', 'change leave', 'change replace n1', 'change everything', 'change via=n1'])(
    '%s is none',
    (text) => {
      expect(() => changeOf(parseCommand(text)!)).toThrow('no such change');
    },
  );
});

const view = (newest: ChangeView['newest']): ChangeView => ({
  newest,
  steps: ['begin', 'moved', 'moved', 'finish'],
  nameOf: (id) => `n${id[0]!}`,
  owners: () => ({ before: ['n3', 'n1'], after: ['n4', 'n1'] }),
  numberOf: (node) => (node === 'n1' ? (newest?.number ?? 0) : node === 'n2' ? 1 : 0),
  holds: (node) => (node === 'n3' ? undefined : node === 'n1'),
  stray: () => undefined,
  hasDeparted: (node) => node === 'n3',
});

describe('what a scenario expects of the cluster', () => {
  const first = founded('n1 n2 n3');
  const moving = moved(begun(first, 'n1 n2 n4', 'n3'), [1]);
  const left = finished(moved(begun(first, 'n1 n2'), [0, 1]));

  const rights: readonly (readonly [string, ChangeView['newest']])[] = [
    ['expect members => n1 n2 n3', first],
    ['expect members => n1 n2', moving],
    ['expect becoming => nothing', first],
    ['expect becoming => n1 n2 n4', moving],
    ['expect removed => n3', moving],
    ['expect leaving =>', moving],
    ['expect leaving => n3', left],
    ['expect moved => some', moving],
    ['expect moved => none', first],
    ['expect moved => all', moved(moving, [0, 1])],
    ['expect steps => begin moved finish', first],
    ['expect owners b/k => n1 n3', first],
    ['expect becoming-owners b/k => n1 n4', first],
    ['expect knows n1 => newest', moving],
    ['expect knows n2 => older', moving],
    ['expect knows n3 => nothing', moving],
    ['expect holds n1 b/k => yes', first],
    ['expect holds n2 b/k => no', first],
    ['expect holds n3 b/k => unknown', first],
    ['expect stray => nothing', first],
    ['expect departed n3 => yes', first],
  ];

  test.each(rights)('%s', (text, newest) => {
    const { args, expected = [] } = parseCommand(text)!;
    expect(unexpected(args, expected, view(newest))).toBeUndefined();
    expect(unexpected(args, [...expected, 'else'], view(newest))).toMatch(/^is /);
  });

  test('what there is not is refused', () => {
    expect(() => unexpected(['weather'], [], view(first))).toThrow('expect what? weather');
    expect(idOf('n4')).toBe('4'.repeat(16));
  });
});

describe('seeds in which the membership changes', () => {
  const worlds = Array.from({ length: 500 }, (_, i) => drawWorld(`${i + 1}${changesMark}`));
  const texts = worlds.flatMap(({ faults }) => faults.map(({ text }) => text));

  test('all they draw are commands, and what waits for a phase too', () => {
    for (const text of texts) {
      const { verb, args } = parseCommand(text)!;
      expect({ text, isFault: isFault(verb) }).toEqual({ text, isFault: true });
      if (verb === 'change') changeOf(parseCommand(text)!);
      if (verb !== 'when') continue;
      expect({ text, isPhase: isPhase(args[0]!) }).toEqual({ text, isPhase: true });
      expect({ text, isFault: isFault(args[1]!) }).toEqual({ text, isFault: true });
    }
  });

  test.each([
    'add',
    'scrap',
    'wipe',
    'change add',
    'change leave',
    'change remove',
    'change replace',
    'change weight',
    'change cancel',
    'cut-route',
    'lose-server',
    'DRIVER',
    'VOTER',
    'SOURCE',
    'TARGET',
    'JOINER',
    'LEAVER',
  ])('%s is among them', (what) => {
    expect(texts.some((text) => ` ${text}`.includes(` ${what}`))).toBe(true);
  });

  test('one disk is lost at most, and only where every key is on two', () => {
    for (const { faults, work } of worlds) {
      const losses = faults.filter(({ text }) => /^(scrap|wipe) /.test(text));
      expect(losses.length).toBeLessThanOrEqual(1);
      if (losses.length > 0) expect(work.buckets.every(({ n }) => n > 1)).toBe(true);
    }
  });

  test('other seeds draw none of that', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const { faults, isChanging, cluster } = drawWorld(`${seed}`);
      expect(isChanging).toBeUndefined();
      expect(cluster.servers).toBe(1);
      expect(faults.some(({ text }) => /^(add|change|when|scrap)/.test(text))).toBe(false);
    }
  });
});

import { describe, expect, test } from '@jest/globals';
import { compareCopies, sentenceOf } from '../../../src/dashboard/page/views/keys/comparison.js';
import type { KeyCopy, SiblingPicture } from '../../../src/dashboard/wire.js';

const a = 'aaaaaaaaaaaaaaaa.1';
const b = 'bbbbbbbbbbbbbbbb.7';

/** Of `actor:counter`, as a node tells it. */
function told(dot: string) {
  const [node = '', epoch, counter] = dot.split(/[.:]/);
  return { node, epoch: Number(epoch), counter: Number(counter) };
}

function sibling(dot: string, value?: string): SiblingPicture {
  const named = { dot: JSON.stringify(told(dot)) };
  return value === undefined
    ? { ...named, bytes: 0, isTombstone: true }
    : { ...named, bytes: value.length, value, isTombstone: false };
}

function copy(node: string, context: string[], ...siblings: SiblingPicture[]): KeyCopy {
  return { node, isHeld: true, context: context.map(told), siblings };
}

function absent(node: string): KeyCopy {
  return { node, isHeld: false, context: [], siblings: [] };
}

function silent(node: string): KeyCopy {
  return { node, isHeld: false, context: [], siblings: [], error: 'no answer' };
}

function said(copies: readonly KeyCopy[], owners = copies.map(({ node }) => node)): string {
  return sentenceOf(compareCopies(copies), owners, (id) => id.toUpperCase());
}

describe('copies of a key: which values who holds', () => {
  test('equal ones', () => {
    const copies = ['x', 'y', 'z'].map((node) => copy(node, [`${a}:2`], sibling(`${a}:2`, 'tea')));
    const { siblings, context, standings } = compareCopies(copies);
    expect(siblings).toMatchObject([{ cells: ['held', 'held', 'held'], stands: true }]);
    expect(siblings[0]?.differs).toBe(false);
    expect(context).toEqual([{ actor: a, counters: [2, 2, 2], newest: 2, differs: false }]);
    expect(standings).toEqual(['whole', 'whole', 'whole']);
    expect(said(copies)).toBe('It has one value. X, Y and Z hold the same.');
  });

  test('one that has not seen the last write still holds what that replaced', () => {
    const copies = [
      copy('x', [`${a}:2`], sibling(`${a}:2`, 'new')),
      copy('y', [`${a}:1`], sibling(`${a}:1`, 'old')),
    ];
    const { siblings, standings, context } = compareCopies(copies);
    expect(siblings.map(({ dot, cells, stands }) => ({ dot, cells, stands }))).toEqual([
      { dot: JSON.stringify(told(`${a}:2`)), cells: ['held', 'unseen'], stands: true },
      { dot: JSON.stringify(told(`${a}:1`)), cells: ['replaced', 'held'], stands: false },
    ]);
    expect(context[0]?.differs).toBe(true);
    expect(standings).toEqual(['whole', 'behind']);
    expect(said(copies)).toMatch(/^It has one value\. Y is behind/);
  });

  test('two halves, each with a value of its own: both are behind what a merge would leave', () => {
    const copies = [
      copy('x', [`${a}:1`], sibling(`${a}:1`, 'left')),
      copy('y', [`${b}:1`], sibling(`${b}:1`, 'right')),
    ];
    const { siblings, standings } = compareCopies(copies);
    expect(siblings.map(({ cells }) => cells)).toEqual([
      ['held', 'unseen'],
      ['unseen', 'held'],
    ]);
    expect(siblings.every(({ stands, differs }) => stands && differs)).toBe(true);
    expect(standings).toEqual(['behind', 'behind']);
    expect(said(copies)).toMatch(/^2 values stand side by side/);
  });

  test('one that has seen a write it does not hold replaced it', () => {
    const copies = [
      copy('x', [`${a}:1`, `${b}:1`], sibling(`${b}:1`, 'merged')),
      copy('y', [`${a}:1`], sibling(`${a}:1`, 'first')),
    ];
    expect(compareCopies(copies).siblings.map(({ stands }) => stands)).toEqual([true, false]);
  });

  test('same values, but one has seen more', () => {
    const copies = [
      copy('x', [`${a}:1`, `${b}:4`], sibling(`${a}:1`, 'tea')),
      copy('y', [`${a}:1`], sibling(`${a}:1`, 'tea')),
    ];
    expect(compareCopies(copies).standings).toEqual(['whole', 'behind']);
  });

  test('counters are compared as numbers', () => {
    const copies = [
      copy('x', [`${a}:10`], sibling(`${a}:10`, 'new')),
      copy('y', [`${a}:9`], sibling(`${a}:9`, 'old')),
    ];
    expect(compareCopies(copies).standings).toEqual(['whole', 'behind']);
  });

  test('who holds nothing, or says nothing, is told apart', () => {
    const copies = [copy('x', [`${a}:1`], sibling(`${a}:1`, 'tea')), absent('y'), silent('z')];
    const { siblings, context, standings } = compareCopies(copies);
    expect(siblings[0]?.cells).toEqual(['held', 'absent', 'silent']);
    expect(context[0]?.counters).toEqual([1, undefined, undefined]);
    expect(standings).toEqual(['whole', 'absent', 'silent']);
    expect(said(copies)).toBe(
      'It has one value. Y is behind: a hint, a read or a tree exchange will bring it. Z did not say.',
    );
    expect(said(copies, ['x'])).toBe('It has one value. X has it.');
  });

  test('a deleted key, one that nobody has, and nobody who says anything', () => {
    expect(said([copy('x', [`${a}:2`], sibling(`${a}:2`))])).toMatch(/^It is deleted/);
    expect(said([absent('x'), absent('y')])).toBe('No node holds anything under this key.');
    expect(said([silent('x')])).toBe('No owner says what it holds. X did not say.');
  });
});

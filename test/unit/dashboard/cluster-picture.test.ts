/** What nodes answered is put together; what is not as it should be is not there. */
import { expect, test } from '@jest/globals';
import { pictureOf, type Answered } from '../../../src/dashboard/cluster-picture.js';
import type { Fields } from '../../../src/dashboard/fields.js';
import type { NodeView, StatusPicture } from '../../../src/dashboard/wire.js';

function viewShown(view: Fields): NodeView | null {
  const status = { id: 'a', name: 'n1', host: 'h', zone: '', counters: {}, histograms: {} };
  const answered: Answered = {
    status: status as unknown as StatusPicture,
    atMs: 1,
    view,
    before: undefined,
  };
  const { nodes } = pictureOf({
    atMs: 1,
    nowMs: 1,
    servers: '',
    ring: undefined,
    answered: new Map([['a', answered]]),
    refusals: new Map(),
    processes: new Map(),
    charts: [],
  });
  return nodes[0]!.view;
}

test('how a node sees the others comes through', () => {
  const view = {
    reach: { b: 'suspect' },
    absent: ['c'],
    hints: { b: 3 },
    differing: [0, 17],
    charts: [{ chart: 'peer', instance: 'peer:b', state: 'suspect' }],
  };
  expect(viewShown(view)).toEqual(view);
});

test('a node that does not say what differs is not shown as one with which nothing does', () => {
  expect(viewShown({ reach: {} })).not.toHaveProperty('differing');
  expect(viewShown({ differing: [] })?.differing).toEqual([]);
});

test('what is no view of a node is left out', () => {
  const view = {
    reach: { b: 'away', c: 1 },
    absent: [1, 'c', null],
    hints: { b: '3' },
    differing: [-1, 1.5, '2', null, 4],
    charts: [null, 'peer', { chart: 'peer' }, { instance: 'x' }],
  } as unknown as Fields;
  const clean = { reach: {}, absent: ['c'], hints: {}, differing: [4], charts: [] };
  expect(viewShown(view)).toEqual(clean);
});

/** Who sees whom, and who owes whom hints. */
import { expect, test } from '@jest/globals';
import { clusterViewLimits } from '../../../../actors/rules/limits/cluster-view.js';
import {
  differingPartitions,
  hintFlows,
  opinionsOf,
  sightRows,
} from '../../../../src/dashboard/page/views/cluster/sight-model.js';
import { idOf, nodeWith, pictureWith, viewWith } from '../../../support/cluster-pictures.js';

const [n1, n2, n3] = [idOf('n1'), idOf('n2'), idOf('n3')];

const picture = pictureWith([
  nodeWith('n1', {
    view: viewWith({ reach: { [n2]: 'alive', [n3]: 'down' }, absent: [n3], hints: { [n3]: 4 } }),
  }),
  nodeWith('n2', {
    view: viewWith({ reach: { [n1]: 'suspect', [n3]: 'down' }, hints: { [n1]: 0, [n3]: 9 } }),
  }),
  nodeWith('n3', { view: null, silentMs: clusterViewLimits.staleMsMin + 1 }),
]);

test('a row for who looks, a column for whom; who is down and whom NATS does not know is absent', () => {
  expect(sightRows(picture)).toEqual([
    { id: n1, isSilent: false, sights: ['itself', 'alive', 'absent'] },
    { id: n2, isSilent: false, sights: ['suspect', 'itself', 'down'] },
    { id: n3, isSilent: true, sights: ['untold', 'untold', 'itself'] },
  ]);
});

test('who is alive and was absent before is alive', () => {
  const view = viewWith({ reach: { [n2]: 'alive' }, absent: [n2] });
  const rows = sightRows(pictureWith([nodeWith('n1', { view }), nodeWith('n2')]));
  expect(rows[0]!.sights[1]).toBe('alive');
});

test('what the others think of each: what silent ones said last does not count', () => {
  expect(opinionsOf(sightRows(picture))).toEqual([
    { id: n1, alive: 0, said: 1 },
    { id: n2, alive: 1, said: 1 },
    { id: n3, alive: 0, said: 2 },
  ]);
});

test('hints that wait, most first; none is no flow', () => {
  expect(hintFlows(picture)).toEqual([
    { from: n2, to: n3, count: 9 },
    { from: n1, to: n3, count: 4 },
  ]);
});

test('partitions that differ, and who knows it', () => {
  const nodes = [
    nodeWith('n1', { view: viewWith({ differing: [3, 4] }) }),
    nodeWith('n2', { view: viewWith({ differing: [4] }) }),
    nodeWith('n3', { view: null }),
  ];
  expect([...differingPartitions(pictureWith(nodes))]).toEqual([
    [3, [n1]],
    [4, [n1, n2]],
  ]);
});

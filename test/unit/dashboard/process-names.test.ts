/** Which process is whose: a node may have another name in its cluster than it was started with. */
import { expect, test } from '@jest/globals';
import { pictureOf, type Answered } from '../../../src/dashboard/cluster-picture.js';
import type { ProcessPicture, StatusPicture } from '../../../src/dashboard/wire.js';
import { statusWith } from '../../support/cluster-pictures.js';

function answer(status: StatusPicture): [string, Answered] {
  return [status.id, { status, atMs: 1, view: undefined, before: undefined }];
}

function process(name: string): [string, ProcessPicture] {
  return [name, { name, state: 'running' }];
}

test('a process is that of the node that was started with its name', () => {
  const statuses = [
    statusWith('n1', { name: 'n2', startedAs: 'n1' }),
    statusWith('n2', { name: 'n1', startedAs: 'n2' }),
    statusWith('n3', { name: 'n3', startedAs: 'elsewhere' }),
  ];
  const { nodes } = pictureOf({
    atMs: 1,
    nowMs: 1,
    servers: '',
    ring: undefined,
    answered: new Map(statuses.map(answer)),
    refusals: new Map(),
    processes: new Map(['n1', 'n2', 'n3'].map(process)),
    charts: [],
  });
  expect(nodes.map(({ name, process: own }) => [name, own?.name])).toEqual([
    ['n1', 'n2'],
    ['n2', 'n1'],
    ['n3', undefined],
  ]);
});

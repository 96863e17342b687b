/** Which process is whose: nodes may have other names in their cluster than they were started with. */
import { expect, test } from '@jest/globals';
import { pictureOf } from '../../../src/dashboard/cluster-picture.js';
import type { ProcessPicture, StatusPicture } from '../../../src/dashboard/wire.js';
import { statusWith } from '../../support/cluster-pictures.js';

test('a process is that of the node that was started with its name', () => {
  const statuses = [
    statusWith('n1', { name: 'n2', startedAs: 'n1' }),
    statusWith('n2', { name: 'n1', startedAs: 'n2' }),
    statusWith('n3', { name: 'n3', startedAs: 'elsewhere' }),
  ];
  const answer = (status: StatusPicture) =>
    [status.id, { status, atMs: 1, view: undefined, before: undefined }] as const;
  const process = (name: string): [string, ProcessPicture] => [name, { name, state: 'running' }];
  const { nodes } = pictureOf({
    atMs: 1,
    nowMs: 1,
    servers: '',
    ring: undefined,
    answered: new Map(statuses.map(answer)),
    refusals: new Map(),
    processes: new Map(['n1', 'n2', 'n3'].map(process)),
  });
  expect(nodes.map(({ name, process: own }) => [name, own?.name])).toEqual([
    ['n1', 'n2'],
    ['n2', 'n1'],
    ['n3', undefined],
  ]);
});

/** What a cluster looks like at a moment of a file, and what of it is the same as before. */
import { expect, test } from '@jest/globals';
import { dashboardLimits } from '../../../actors/rules/limits/dashboard.js';
import { FilePicture } from '../../../src/dashboard/page/file-picture.js';
import type { EventNote, Note } from '../../../src/dashboard/wire.js';

const ids = ['a', 'b'] as const;
const nodes = ids.map((id) => ({ id, name: `n${id}`, host: '', zone: '' }));

function chart(node: string, instance: string, over: object = {}): Note {
  const step = { atUs: 1, chart: 'putRound', event: 'e', state: 'waiting' };
  return { kind: 'chart', node, instance, ...step, ...over };
}

function event(node: string, what: EventNote['what'], about?: string): Note {
  return { kind: 'event', atUs: 1, node, what, text: '', ...(about !== undefined && { about }) };
}

function instancesOf(picture: FilePicture, node: string): string[] {
  const { view } = picture.at(1).nodes.find(({ id }) => id === node)!;
  return view!.charts.map(({ instance }) => instance);
}

test('charts are there until they end, or their node does', () => {
  const picture = new FilePicture(nodes);
  for (const note of [chart('a', '1'), chart('a', '2'), chart('b', '1')]) picture.take(note);
  picture.take(chart('a', '1', { isFinal: true }));
  expect([instancesOf(picture, 'a'), instancesOf(picture, 'b')]).toEqual([['2'], ['1']]);
  picture.take(event('a', 'stop'));
  expect([instancesOf(picture, 'a'), instancesOf(picture, 'b')]).toEqual([[], ['1']]);
  expect(picture.at(1).nodes.map(({ reach }) => reach)).toEqual(['down', 'alive']);
  picture.take(event('a', 'start'));
  expect(instancesOf(picture, 'a')).toEqual([]);
});

test('a node is seen as the one sees it who thinks the worst of it', () => {
  const picture = new FilePicture([...nodes, { id: 'c', name: 'nc', host: '', zone: '' }]);
  const reach = (): unknown => picture.at(1).nodes.map((node) => node.reach);
  picture.take(event('a', 'suspect', 'c'));
  picture.take(event('b', 'down', 'c'));
  expect(reach()).toEqual(['alive', 'alive', 'down']);
  picture.take(event('b', 'alive', 'c'));
  expect(reach()).toEqual(['alive', 'alive', 'suspect']);
});

test('what has not changed is the same object as before', () => {
  const picture = new FilePicture(nodes);
  picture.take(chart('a', '1'));
  const before = picture.at(1);
  expect(picture.at(2).nodes).toBe(before.nodes);
  picture.take(chart('b', '1'));
  const { nodes: after } = picture.at(3);
  expect(after[0]).toBe(before.nodes[0]);
  expect(after[1]).not.toBe(before.nodes[1]);
});

test('a file makes it no larger than its bounds', () => {
  const picture = new FilePicture(nodes);
  const { fileChartsMax } = dashboardLimits;
  for (let count = 0; count < 2 * fileChartsMax; count++) picture.take(chart('a', `${count}`));
  expect(instancesOf(picture, 'a')).toHaveLength(fileChartsMax);
  expect(instancesOf(picture, 'a').at(-1)).toBe(`${2 * fileChartsMax - 1}`);
  for (let count = 0; count < 10; count++) {
    picture.take(event('a', 'hint', `nobody ${count}`));
    picture.take(event(`nobody ${count}`, 'down', 'b'));
  }
  const [a, b] = picture.at(1).nodes;
  expect([a!.view!.hints, b!.reach]).toEqual([{}, 'alive']);
});

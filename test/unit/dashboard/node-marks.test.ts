import { expect, test } from '@jest/globals';
import { NodeMarks } from '../../../src/dashboard/page/parts/node-marks.js';
import { bytesText, msText, shortNumber } from '../../../src/dashboard/page/parts/quantity.js';

const named = (...names: readonly string[]) => names.map((name) => ({ id: `id of ${name}`, name }));

test('marks: by name for those that come together, kept whoever comes later', () => {
  const marks = new NodeMarks();
  marks.meet(named('n10', 'n2'));
  const [two, ten] = [marks.of('id of n2'), marks.of('id of n10')];
  expect([two.token, ten.token]).toEqual(['--series-1', '--series-2']);
  marks.meet(named('n1', 'n10', 'n2'));
  expect(marks.of('id of n2')).toEqual(two);
  expect(marks.of('id of n10')).toEqual(ten);
  marks.meet([{ id: 'id of n2', name: 'other' }]);
  expect(marks.of('id of n2')).toEqual({ ...two, name: 'other' });
});

test('marks: of 64 nodes no two look the same', () => {
  const marks = new NodeMarks();
  const nodes = named(...Array.from({ length: 64 }, (_, i) => `n${i}`));
  marks.meet(nodes);
  const looks = nodes.map(({ id }) => `${marks.of(id).token} ${marks.of(id).form}`);
  expect(new Set(looks).size).toBe(64);
});

test('marks: of a node nobody has spoken of', () => {
  expect(new NodeMarks().of('0123456789abcdef')).toMatchObject({ name: '012345' });
});

test('numbers are as long as they tell something', () => {
  expect(
    [0, 0.04, 0.42, 7.25, 41.6, 999, 1_000, 1_234, 12_345, 3.4e6, -1_500].map(shortNumber),
  ).toEqual(['0', '0.04', '0.4', '7.3', '42', '999', '1k', '1.2k', '12k', '3.4M', '-1.5k']);
  expect([0, 512, 1_536, 64e6].map(bytesText)).toEqual(['0 B', '512 B', '1.5 kB', '64 MB']);
  expect([0, 0.05, 0.25, 3, 128, 4_096].map(msText)).toEqual([
    '0 ms',
    '50 µs',
    '0.3 ms',
    '3 ms',
    '128 ms',
    '4.1 s',
  ]);
});

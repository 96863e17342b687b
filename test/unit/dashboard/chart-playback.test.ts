/** Instances of charts as the page remembers and shows them. */
import { describe, expect, test } from '@jest/globals';
import { dashboardLimits } from '../../../actors/rules/limits/dashboard.js';
import { upName } from '../../../src/insight/notes.js';
import type { ChartNote, NodePicture } from '../../../src/dashboard/wire.js';
import {
  hasEnded,
  InstanceBook,
  keyOf,
} from '../../../src/dashboard/page/views/charts/instances.js';
import { Playback, sampleText } from '../../../src/dashboard/page/views/charts/playback.js';

const { chartInstancesKeptMax, chartStepsKeptMax, chartStepMs, chartRestMs } = dashboardLimits;

function note(instance: string, state: string, over: Partial<ChartNote> = {}): ChartNote {
  const atUs = 1;
  return { kind: 'chart', atUs, node: 'n', chart: 'c', instance, event: 'e', state, ...over };
}

describe('the book of instances', () => {
  test('forgets those who have ended first', () => {
    const book = new InstanceBook();
    book.take([note('lives', 'a'), note('ended', 'z', { isFinal: true })]);
    for (let count = 0; count < chartInstancesKeptMax - 1; count++)
      book.take([note(`later ${count}`, 'a')]);
    expect(book.of('c')).toHaveLength(chartInstancesKeptMax);
    expect(book.find('c', keyOf('n', 'lives'))).toBeDefined();
    expect(book.find('c', keyOf('n', 'ended'))).toBeUndefined();
    book.take([note('one more', 'a')]);
    expect(book.find('c', keyOf('n', 'lives'))).toBeUndefined();
    expect(book.begun('c')).toBe(chartInstancesKeptMax + 2);
  });

  test('keeps the last steps of each', () => {
    const book = new InstanceBook();
    for (let count = 0; count < 2 * chartStepsKeptMax; count++) book.take([note('i', `${count}`)]);
    const { steps } = book.find('c', keyOf('n', 'i'))!;
    expect(steps.length).toBe(chartStepsKeptMax);
    expect(steps.last?.state).toBe(String(2 * chartStepsKeptMax - 1));
  });

  test('knows who was there before anybody listened', () => {
    const book = new InstanceBook();
    const charts = [{ chart: 'c', instance: 'i', state: 'idle' }];
    const node = { id: 'n', status: null, view: { charts } } as unknown as NodePicture;
    book.takePicture({ nodes: [node], atMs: 5 });
    book.takePicture({ nodes: [node], atMs: 6 });
    book.take([note('i', 'busy')]);
    expect(book.of('c').map(({ steps }) => steps.since(0).map(({ state }) => state))).toEqual([
      ['idle', 'busy'],
    ]);
  });
});

function statesOf(book: InstanceBook): unknown[] {
  return book
    .of('c')[0]!
    .steps.since(0)
    .map(({ state, isFinal }) => [state, isFinal]);
}

test('what was missed of an instance is seen in the second picture that has it elsewhere', () => {
  const book = new InstanceBook();
  const at = (state: string, atMs: number): void => {
    const charts = [{ chart: 'c', instance: 'i', state }];
    const node = { id: 'n', status: null, reach: 'alive', view: { charts } };
    book.takePicture({ nodes: [node as unknown as NodePicture], atMs });
  };
  const states = (): unknown[] =>
    book
      .of('c')[0]!
      .steps.since(0)
      .map(({ state }) => state);
  at('joining', 1);
  at('serving', 2);
  expect(states()).toEqual(['joining']);
  at('serving', 3);
  expect(states()).toEqual(['joining', 'serving']);
  // A note was only on its way.
  at('draining', 4);
  book.take([note('i', 'draining')]);
  at('draining', 5);
  // It moves on between the two.
  at('serving', 6);
  book.take([note('i', 'closing')]);
  at('serving', 7);
  expect(states()).toEqual(['joining', 'serving', 'draining', 'closing']);
});

describe('what a node ran', () => {
  const charts = [{ chart: 'c', instance: 'i', state: 'idle' }];
  const picture = (over: Partial<NodePicture>): NodePicture =>
    ({ id: 'n', reach: 'alive', status: { uptimeMs: 10 }, view: { charts }, ...over }) as never;

  test('is over once it is gone, and there again when it answers again', () => {
    const book = new InstanceBook();
    book.takePicture({ nodes: [picture({})], atMs: 1 });
    book.take([note('i', 'busy')]);
    const gone = picture({ reach: 'down', view: null });
    book.takePicture({ nodes: [gone], atMs: 2 });
    book.takePicture({ nodes: [gone], atMs: 3 });
    book.takePicture({ nodes: [picture({ status: { uptimeMs: 12 } as never })], atMs: 4 });
    expect(statesOf(book)).toEqual([
      ['idle', false],
      ['busy', false],
      [null, true],
      ['idle', false],
    ]);
  });

  test('of who started the nodes goes on while they do not', () => {
    const book = new InstanceBook();
    const process = { chart: 'process', instance: 'n1', state: 'serving' };
    const nodes = [picture({ reach: 'down', view: null })];
    book.takePicture({ nodes, charts: [process], atMs: 1 });
    book.take([note('n1', 'down', { chart: 'process', node: upName })]);
    book.takePicture({ nodes, charts: [process], atMs: 2 });
    const [n1] = book.of('process');
    expect(n1!.steps.since(0).map(({ state }) => state)).toEqual(['serving', 'down']);
  });

  test('is over when another process has come in its stead', () => {
    const book = new InstanceBook();
    book.take([note('round', 'waiting')]);
    book.takePicture({ nodes: [picture({})], atMs: 1 });
    expect(hasEnded(book.find('c', keyOf('n', 'round'))!)).toBe(false);
    book.takePicture({ nodes: [picture({ status: { uptimeMs: 3 } as never })], atMs: 2 });
    expect(hasEnded(book.find('c', keyOf('n', 'round'))!)).toBe(true);
  });

  test('is over when a file says that it ended', () => {
    const book = new InstanceBook();
    const other = note('other', 'a', { node: 'm' });
    const stop = { kind: 'event', atUs: 2, node: 'n', what: 'stop', text: '' } as const;
    book.take([note('i', 'a'), other, stop]);
    expect(hasEnded(book.find('c', keyOf('n', 'i'))!)).toBe(true);
    expect(hasEnded(book.find('c', keyOf('m', 'other'))!)).toBe(false);
  });

  test('more charts than there can be are left out', () => {
    const book = new InstanceBook();
    for (let count = 0; count <= dashboardLimits.chartsKeptMax; count++)
      book.take([note('i', 'a', { chart: `c${count}` })]);
    expect(book.of('c0')).toHaveLength(1);
    expect(book.of(`c${dashboardLimits.chartsKeptMax}`)).toEqual([]);
  });
});

describe('playback', () => {
  test('shows step by step, no faster than is told', () => {
    const book = new InstanceBook();
    book.take([note('i', 'a'), note('i', 'b')]);
    const playback = new Playback(book, 'c', undefined);
    expect(playback.advance(0)).toBe(true);
    expect([playback.before, playback.step?.state]).toEqual([null, 'a']);
    expect(playback.advance(chartStepMs - 1)).toBe(false);
    expect(playback.advance(chartStepMs)).toBe(true);
    expect([playback.before, playback.step?.state]).toEqual(['a', 'b']);
    expect(playback.advance(9 * chartStepMs)).toBe(false);
  });

  test('goes on with the latest when it falls behind, and says so', () => {
    const book = new InstanceBook();
    book.take([note('i', 'first')]);
    const playback = new Playback(book, 'c', keyOf('n', 'i'));
    playback.advance(0);
    for (let count = 0; count < 5_000; count++) book.take([note('i', `${count}`)]);
    playback.advance(chartStepMs);
    expect(playback.step?.state).toBe('4999');
    expect(playback.before).toBe('4998');
    playback.advance(dashboardLimits.chartSampleMs);
    expect(playback.sample).toMatchObject({ steps: 5_001, stepsShown: 2 });
    expect(sampleText(playback.sample)).toMatch(/2 of them shown/);
  });

  test('follows another when the one it shows has ended and was seen', () => {
    const book = new InstanceBook();
    book.take([note('one', 'a'), note('one', 'z', { isFinal: true }), note('two', 'a')]);
    const playback = new Playback(book, 'c', undefined);
    playback.advance(0);
    expect(playback.instance?.name).toBe('two');
    book.take([note('two', 'z', { isFinal: true }), note('three', 'a')]);
    playback.advance(chartStepMs);
    expect(playback.step?.state).toBe('z');
    playback.advance(chartStepMs + chartRestMs - 1);
    expect(playback.instance?.name).toBe('two');
    playback.advance(chartStepMs + chartRestMs);
    expect(playback.instance?.name).toBe('three');
  });

  test('stays with the one that was chosen', () => {
    const book = new InstanceBook();
    book.take([note('one', 'z', { isFinal: true }), note('two', 'a')]);
    const playback = new Playback(book, 'c', keyOf('n', 'one'));
    playback.advance(0);
    playback.advance(10 * chartRestMs);
    expect([playback.instance?.name, playback.step?.state]).toEqual(['one', 'z']);
  });
});

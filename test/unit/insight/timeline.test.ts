/** What happened to a node: noted when it changes, read off counters, kept within bounds. */
import 'reflect-metadata';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { NodeId } from '../../../actors/rules/actor.js';
import { insightLimits } from '../../../actors/rules/limits/insight.js';
import { noteOf } from '../../../src/insight/note-reader.js';
import type { EventNote } from '../../../src/insight/notes.js';
import { Timeline } from '../../../src/insight/timeline.js';
import { Metrics, type Counter } from '../../../src/seams/metrics.js';
import { ManualClock } from '../../support/manual-clock.js';
import { HandMadeView } from '../../support/round-cluster.js';

const [self, other] = ['a', 'b'].map((letter) => letter.repeat(16)) as [NodeId, NodeId];
const { lookInMs, timelineMax } = insightLimits;

let clock: ManualClock;
let view: HandMadeView;
let delivered: Counter;
let owed: Map<NodeId, number>;
let illness: string | undefined;
let timeline: Timeline;

beforeEach(() => {
  clock = new ManualClock();
  view = new HandMadeView([self, other], self);
  const metrics = new Metrics();
  delivered = metrics.counter('handoff.delivered', 'hints that were taken');
  delivered.value = 5;
  owed = new Map();
  illness = undefined;
  const hints = {
    targets: () => [...owed.keys()],
    counters: (node: NodeId) => ({ count: owed.get(node) ?? 0, bytes: 0, oldestMs: 0 }),
  };
  timeline = new Timeline({ clock, self, view, metrics, hints, ill: () => illness });
});

function told(after = 0): EventNote[] {
  const { notes } = timeline.since(after);
  for (const note of notes) expect(noteOf(JSON.parse(JSON.stringify(note)))).toEqual(note);
  return [...notes];
}

const whats = (): string[] => told().map(({ what }) => what);

describe('a time line', () => {
  test('says what the node believes of others, and when it goes by another layout', () => {
    timeline.start();
    view.believe(other, 'suspect');
    view.believe(other, 'down');
    view.believe(other, 'alive');
    view.learn(7);
    expect(told().map(({ what, about }) => [what, about])).toEqual([
      ['start', undefined],
      ['suspect', other],
      ['down', other],
      ['alive', other],
      ['configuration', undefined],
    ]);
    expect(told().at(-1)!.text).toBe('layout 7 is gone by');
  });

  test('says once how far a counter has risen since the last look, not what was before', () => {
    timeline.start();
    clock.advance(lookInMs);
    expect(whats()).toEqual(['start']);
    delivered.value += 3;
    clock.advance(3 * lookInMs);
    expect(
      told()
        .map(({ text }) => text)
        .slice(1),
    ).toEqual(['3 hints were taken by their primaries']);
  });

  test('says what is owed to whom when it becomes more, and when nothing is any more', () => {
    timeline.start();
    owed.set(other, 2);
    clock.advance(lookInMs);
    owed.set(other, 1);
    clock.advance(lookInMs);
    owed.delete(other);
    clock.advance(lookInMs);
    const events = told().slice(1);
    expect(events.map(({ what, about }) => [what, about])).toEqual([
      ['hint', other],
      ['handoff', other],
    ]);
    expect(events[0]!.text).toMatch(/^2 keys are owed/);
  });

  test('of one it says so', () => {
    timeline.start();
    owed.set(other, 1);
    delivered.value += 1;
    clock.advance(lookInMs);
    const [, handoff, hint] = told().map(({ text }) => text);
    expect(handoff).toBe('a hint was taken by its primary');
    expect(hint).toMatch(/^a key is owed to /);
  });

  test('says when the node is ill, why, and when it is well', () => {
    timeline.start();
    illness = 'the disk is full';
    clock.advance(2 * lookInMs);
    illness = undefined;
    clock.advance(2 * lookInMs);
    expect(
      told()
        .slice(1)
        .map(({ what, text }) => [what, text]),
    ).toEqual([
      ['ill', 'the disk is full'],
      ['well', 'the node is well again'],
    ]);
  });

  test('stops once, and looks at nothing afterwards', () => {
    timeline.start();
    timeline.stop();
    timeline.stop();
    expect(whats()).toEqual(['start', 'stop']);
    expect(clock.pending).toBe(0);
  });

  test('tells whoever listens, as it happens', () => {
    const heard: string[] = [];
    timeline.onEvent = ({ text }) => heard.push(text);
    timeline.add('ill', 'one');
    timeline.add('well', 'two');
    expect(heard).toEqual(['one', 'two']);
  });
});

function fill(count: number, from = 0): void {
  for (let at = from; at < from + count; at++) timeline.add('ill', `${at}`);
}

const texts = (after: number): string[] => told(after).map(({ text }) => text);

describe('who asks again', () => {
  test('is told what is new, and nothing twice', () => {
    fill(3);
    const { next } = timeline.since(0);
    expect(next).toBe(3);
    expect(timeline.since(next)).toEqual({ notes: [], next });
    fill(2, 3);
    expect(texts(next)).toEqual(['3', '4']);
  });

  test('is told of the last so many, all at once, however many there were', () => {
    for (const count of [timelineMax, timelineMax + 1, 2 * timelineMax, 12 * timelineMax + 5]) {
      const before = timeline.since(0).next;
      fill(count, before);
      const { notes, next } = timeline.since(0);
      expect(notes).toHaveLength(timelineMax);
      expect(next).toBe(before + count);
      expect(notes[0]!.text).toBe(`${next - timelineMax}`);
      expect(notes.at(-1)!.text).toBe(`${next - 1}`);
      expect(texts(next - 2)).toEqual([`${next - 2}`, `${next - 1}`]);
    }
  });

  test('goes on where the answer ended when not all fits one', () => {
    const long = 'x'.repeat(4_096);
    for (let at = 0; at < 500; at++) timeline.add('ill', `${at} ${long}`);
    const seen: string[] = [];
    let answers = 0;
    for (let after = 0; ; answers++) {
      const { notes, next } = timeline.since(after);
      if (notes.length === 0) break;
      // Else it would be told the same again, and never be through.
      expect(next).toBeGreaterThan(after);
      const bytes = JSON.stringify(notes).length;
      expect(bytes).toBeLessThan(insightLimits.answerBytesMax);
      seen.push(...notes.map(({ text }) => text.split(' ')[0]!));
      after = next;
    }
    expect(answers).toBeGreaterThan(1);
    expect(seen).toEqual(Array.from({ length: 500 }, (_, at) => `${at}`));
  });

  test('of a former life is told where this one is', () => {
    fill(2);
    expect(timeline.since(5_000)).toEqual({ notes: [], next: 2 });
  });
});

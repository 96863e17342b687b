import { beforeEach, describe, expect, test } from '@jest/globals';
import type { WatchEffects, WatchEvent } from '../../actors/watch/watch.machine.js';
import { watchChart } from '../../actors/watch/watch.machine.js';
import { watchLimits } from '../../actors/rules/limits/watch.js';
import { pathsOf } from '../support/machine-paths.js';

let did: string[] = [];

beforeEach(() => {
  did = [];
});

function effects(): WatchEffects {
  did = [];
  const note = (what: string) => () => void did.push(what);
  return {
    look: note('look'),
    tellUpToDate: note('up to date'),
    tellResynced: note('resynced'),
    tellHeartbeat: note('heartbeat'),
    tellBehind: (because) => void did.push(`behind: ${because}`),
    tellEnded: (because) => void did.push(`ended: ${because}`),
    release: note('release'),
  };
}

const events: WatchEvent[] = [
  { type: 'followed' },
  { type: 'caughtUp' },
  { type: 'place.lost' },
  { type: 'sight.lost' },
  { type: 'sight.back' },
  { type: 'listener.heard' },
  { type: 'listener.full' },
  { type: 'listener.hasRoom' },
  { type: 'listener.left' },
  { type: 'node.stops' },
  { type: 'bucket.removed' },
];

const inputs = [{ looksBack: false }, { looksBack: true }];
const all = inputs.flatMap((input) =>
  pathsOf(() => watchChart(effects()), { events, input: () => input }),
);
type Path = (typeof all)[number];
const serving = all.filter(({ state }) => state !== 'ended');
const titled = (paths: readonly Path[]): [string, Path][] =>
  paths.map((path) => [path.title, path]);
const said = (): string[] => did.filter((what) => what !== 'heartbeat' && what !== 'look');

/** The states of one part of it. */
function statesOf(part: string): Set<unknown> {
  return new Set(
    serving.map(({ state }) => (state as { serving: Record<string, unknown> }).serving[part]),
  );
}

test('watch: every state of each part is reached', () => {
  expect(statesOf('progress')).toEqual(
    new Set(['starting', 'settling', 'catchingUp', 'upToDate', 'resynchronising']),
  );
  expect(statesOf('sight')).toEqual(new Set(['seeing', 'blind']));
  expect(statesOf('listener')).toEqual(new Set(['taking', 'full', 'behind']));
  expect(all.some(({ state }) => state === 'ended')).toBe(true);
});

describe('watch: on the way to each state', () => {
  test.each(titled(all))(
    '%s: it says that it is up to date only when it has caught up',
    (_, path) => {
      path.walk();
      const upTo = said().filter((what) => what === 'up to date').length;
      expect(upTo).toBeLessThanOrEqual(path.events.filter((type) => type === 'caughtUp').length);
    },
  );

  test.each(titled(serving))(
    '%s, and its place is lost: the listener hears of it, and is up to date only after it caught up',
    (_, path) => {
      const { actor } = path.walk();
      const before = {
        ...(actor.getSnapshot().value as { serving: { progress: string } }).serving,
      };
      actor.send({ type: 'place.lost' });
      if (before.progress === 'starting') return;
      expect(said().at(-1)).toBe('resynced');
      actor.send({ type: 'caughtUp' });
      expect(said().at(-1)).toBe('up to date');
    },
  );

  test.each(titled(serving))('%s, and it ends: the listener is told why, once', (_, path) => {
    for (const [type, why] of [
      ['node.stops', 'ended: stopping'],
      ['listener.left', 'ended: asked'],
      ['bucket.removed', 'ended: removed'],
    ] as const) {
      const { actor, clock } = path.walk();
      actor.send({ type });
      expect(actor.getSnapshot().status).toBe('done');
      expect(did.slice(-2)).toEqual([why, 'release']);
      expect(clock.pending).toBe(0);
    }
  });

  test.each(titled(serving))('%s, and nothing is heard any more: it beats, and ends', (_, path) => {
    const { actor, clock } = path.walk();
    did = [];
    for (let ms = 0; ms <= watchLimits.silentListenerMs; ms += 100) clock.advance(100);
    expect(actor.getSnapshot().status).toBe('done');
    expect(said().some((what) => /^ended: (silent|unstarted)$/.test(what))).toBe(true);
    const beats = did.filter((what) => what === 'heartbeat').length;
    if (said().includes('ended: silent'))
      expect(beats).toBeGreaterThanOrEqual(
        watchLimits.silentListenerMs / watchLimits.heartbeatMs - 2,
      );
    expect(clock.pending).toBe(0);
  });
});

function start(looksBack: boolean): ReturnType<Path['walk']> {
  const input = (): { looksBack: boolean } => ({ looksBack });
  const [path] = pathsOf(() => watchChart(effects()), { events, input });
  return path!.walk();
}

test('watch: for updates alone it waits until what was under way has come', () => {
  const { actor, clock } = start(false);
  actor.send({ type: 'followed' });
  actor.send({ type: 'caughtUp' });
  expect(said()).toEqual([]);
  clock.advance(watchLimits.settleMs);
  expect(did.at(-1)).toBe('look');
  actor.send({ type: 'caughtUp' });
  expect(said()).toEqual(['up to date']);
});

test('watch: a listener that is full for a moment hears nothing of it, a slow one does', () => {
  const { actor, clock } = start(true);
  for (const type of ['followed', 'caughtUp', 'listener.full', 'listener.hasRoom'] as const)
    actor.send({ type });
  clock.advance(watchLimits.slowListenerMs);
  expect(said()).toEqual(['up to date']);
  actor.send({ type: 'listener.full' });
  actor.send({ type: 'listener.heard' });
  clock.advance(watchLimits.slowListenerMs);
  expect(said()).toEqual(['up to date', 'behind: listener']);
  did = [];
  actor.send({ type: 'listener.hasRoom' });
  expect(did).toEqual(['look']);
  actor.send({ type: 'caughtUp' });
  expect(said()).toEqual(['up to date']);
});

test('watch: who acknowledges is not ended', () => {
  const { actor, clock } = start(false);
  actor.send({ type: 'followed' });
  for (let i = 0; i < 10; i++) {
    clock.advance(watchLimits.acknowledgeMs);
    actor.send({ type: 'listener.heard' });
  }
  expect(actor.getSnapshot().status).toBe('active');
});

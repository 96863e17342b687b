import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ReleaseEffects, ReleaseEvent } from '../../actors/replica/release.machine.js';
import { releaseChart } from '../../actors/replica/release.machine.js';
import { limits } from '../../actors/rules/limits.js';
import { transferLimits } from '../../actors/rules/limits/transfer.js';

const restMs = 20;
import { pathsOf } from '../support/machine-paths.js';

let did: string[] = [];

beforeEach(() => {
  did = [];
});

function effects(): ReleaseEffects {
  did = [];
  const note = (what: string) => () => void did.push(what);
  return {
    look: note('look'),
    compare: note('compare'),
    push: note('push'),
    drop: note('drop'),
    setAside: note('set aside'),
    giveUp: note('give up'),
    restMs: () => restMs,
  };
}

const acts = (): string[] => did.filter((what) => what !== 'give up');

const events: ReleaseEvent[] = [
  { type: 'layout.changed' },
  { type: 'strays.found' },
  { type: 'strays.none' },
  { type: 'pass.ended' },
  { type: 'owners.equal' },
  { type: 'owners.differ' },
  { type: 'owner.missing' },
  { type: 'states.pushed', complete: false },
  { type: 'states.pushed', complete: true },
  { type: 'strays.dropped' },
];

const paths = pathsOf(() => releaseChart(effects()), { events });

test('release: every state is reached', () => {
  const states = ['comparing', 'dropping', 'looking', 'pacing', 'pushing', 'resting'];
  expect(new Set(paths.map(({ state }) => state))).toEqual(new Set(states));
});

describe('release: on the way to each state', () => {
  test.each(paths.map((path) => [path.title, path] as const))(
    '%s, then another layout: it looks anew, and drops nothing that was compared before',
    (_, path) => {
      const { actor, clock } = path.walk();
      expect(actor.getSnapshot().value).toEqual(path.state);
      actor.send({ type: 'layout.changed' });
      expect(actor.getSnapshot().value).toBe('looking');
      for (const type of ['owners.equal', 'strays.dropped'] as const) actor.send({ type });
      actor.send({ type: 'states.pushed', complete: true });
      expect(actor.getSnapshot().value).toBe('looking');
      actor.send({ type: 'pass.ended' });
      actor.stop();
      expect(clock.pending).toBe(0);
    },
  );

  test.each(paths.map((path) => [path.title, path] as const))(
    '%s: dropped is only what all owners said they hold, or took',
    (_, path) => {
      path.walk();
      for (const [at, what] of did.entries())
        if (what === 'drop') expect(['compare', 'push']).toContain(did[at - 2]);
      if (path.state === 'dropping') expect(path.events).toContain('owners.equal');
    },
  );

  test.each(
    paths
      .filter(({ state }) => state === 'comparing' || state === 'pushing')
      .map((path) => [path.title, path] as const),
  )('%s, and an owner is missing, or silent: the partition is set aside', (_, path) => {
    for (const isSilent of [false, true]) {
      const { actor, clock } = path.walk();
      if (isSilent) clock.advance(limits.backgroundCallMsMax);
      else actor.send({ type: 'owner.missing' });
      expect(actor.getSnapshot().value).toBe('pacing');
      expect(acts().at(-1)).toBe('set aside');
      expect(did).toContain('give up');
      clock.advance(restMs);
      expect(actor.getSnapshot().value).toBe('looking');
      expect(did).not.toContain('drop');
    }
  });
});

function start(): ReturnType<(typeof paths)[number]['walk']> {
  const walked = paths.find(({ state }) => state === 'resting')!.walk();
  walked.clock.advance(transferLimits.releaseIntervalMs);
  return walked;
}

test('release: equal everywhere, then pushed in two messages, then a pass without strays', () => {
  const { actor, clock } = start();
  const pace = (): void => clock.advance(restMs);
  for (const type of ['strays.found', 'owners.equal', 'strays.dropped'] as const)
    actor.send({ type });
  pace();
  for (const type of ['strays.found', 'owners.differ'] as const) actor.send({ type });
  actor.send({ type: 'states.pushed', complete: false });
  actor.send({ type: 'states.pushed', complete: true });
  actor.send({ type: 'strays.dropped' });
  pace();
  actor.send({ type: 'strays.none' });
  pace();
  actor.send({ type: 'pass.ended' });
  expect(acts()).toEqual([
    'look',
    'compare',
    'drop',
    'look',
    'compare',
    'push',
    'push',
    'drop',
    'look',
    'look',
  ]);
  expect(actor.getSnapshot().value).toBe('resting');
});

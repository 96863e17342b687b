import { describe, expect, test } from '@jest/globals';
import type {
  CollectionEffects,
  CollectionEvent,
} from '../../actors/replica/collection.machine.js';
import { collectionChart } from '../../actors/replica/collection.machine.js';
import { limits } from '../../actors/rules/limits.js';
import { pathsOf } from '../support/machine-paths.js';

let did: string[] = [];

function effects(): CollectionEffects {
  did = [];
  const note = (what: string) => () => void did.push(what);
  return {
    look: note('look'),
    survey: note('survey'),
    forgetElsewhere: note('forget elsewhere'),
    forgetHere: note('forget here'),
    abandon: note('abandon'),
  };
}

const events: CollectionEvent[] = [
  { type: 'candidates.found' },
  { type: 'candidates.none' },
  { type: 'survey.agreed' },
  { type: 'survey.refused' },
  { type: 'others.forgot' },
  { type: 'self.forgot', more: false },
  { type: 'self.forgot', more: true },
];

const paths = pathsOf(() => collectionChart(effects()), { events });

test('collection: every state is reached', () => {
  expect(new Set(paths.map(({ state }) => state))).toEqual(
    new Set([
      'resting',
      'pausing',
      'looking',
      'surveying',
      'forgettingElsewhere',
      'forgettingHere',
    ]),
  );
});

describe('collection: on the way to each state', () => {
  test.each(paths.map((path) => [path.title, path] as const))('%s', (_, path) => {
    const { actor, clock } = path.walk();
    expect(actor.getSnapshot().value).toBe(path.state);
    const order = did.filter((what) => what !== 'abandon');
    expect(['look', 'survey', 'forget elsewhere', 'forget here'].slice(0, order.length)).toEqual(
      order,
    );
    actor.stop();
    expect(clock.pending).toBe(0);
  });
});

test.each(['surveying', 'forgettingElsewhere'])(
  'collection: %s, one refuses or is silent: nothing is forgotten here, the next look comes',
  (state) => {
    const path = paths.find((candidate) => candidate.state === state)!;
    const refused = path.walk();
    refused.actor.send({ type: 'survey.refused' });
    expect(did).not.toContain('forget here');
    expect(refused.actor.getSnapshot().value).toBe('resting');
    const silent = path.walk();
    silent.clock.advance(limits.backgroundCallMsMax);
    silent.actor.send({ type: 'others.forgot' });
    expect(did).not.toContain('forget here');
    silent.clock.advance(limits.collectionTickMs);
    expect(silent.actor.getSnapshot().value).toBe('looking');
  },
);

test('collection: where more wait the next look comes after a pause, else after a tick', () => {
  const path = paths.find(({ state }) => state === 'forgettingHere')!;
  for (const [more, restMs] of [
    [true, limits.collectionPauseMs],
    [false, limits.collectionTickMs],
  ] as const) {
    const { actor, clock } = path.walk();
    actor.send({ type: 'self.forgot', more });
    clock.advance(restMs - 1);
    expect(actor.getSnapshot().value).not.toBe('looking');
    clock.advance(1);
    expect(actor.getSnapshot().value).toBe('looking');
  }
});

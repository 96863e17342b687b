import { expect, test } from '@jest/globals';
import { assert, property } from 'fast-check';
import { limits } from '../../../actors/rules/limits.js';
import { begin, foundingConfiguration } from '../../../actors/rules/steps.js';
import { votersOf } from '../../../actors/rules/voters.js';
import { histories, idOf, placeOf, placesOf, taken } from '../../support/configurations.js';

const partitions = 4;

test('up to seven members vote, all of them', () => {
  const founded = foundingConfiguration(placesOf(1, 2, 3, 4, 5, 6, 7), partitions);
  expect(votersOf(founded)).toEqual([1, 2, 3, 4, 5, 6, 7].map(idOf));
});

test('of more those vote that are in as many zones and on as many hosts as there are', () => {
  const places = Array.from({ length: 12 }, (_, i) =>
    placeOf(i + 1, { host: `h${i >> 1}`, zone: i < 8 ? 'a' : 'b' }),
  );
  const voters = votersOf(foundingConfiguration(places, partitions));
  expect(voters).toEqual([1, 3, 5, 7, 9, 10, 11].map(idOf));
});

test('those vote that own partitions: who comes does not yet, who was removed no more', () => {
  const founded = foundingConfiguration(placesOf(1, 2, 3), partitions);
  const to = { members: placesOf(1, 2, 4), ring: 1, removed: [idOf(3)] } as const;
  expect(votersOf(taken(begin(founded, to)))).toEqual([1, 2].map(idOf));
});

test('ascending, members that were not removed, as many as there may be', () => {
  const holds = property(histories, (history) => {
    for (const configuration of history) {
      const { members, removed } = configuration;
      const able = members.filter(({ id }) => !removed.includes(id)).map(({ id }) => id);
      const voters = votersOf(configuration);
      expect([...voters].sort()).toEqual(voters);
      expect(voters).toHaveLength(Math.min(able.length, limits.votersMax));
      expect(voters.every((id) => able.includes(id))).toBe(true);
    }
  });
  assert(holds, { seed: 4, numRuns: 200 });
});

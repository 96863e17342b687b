import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Configuration, Place } from '../../../actors/rules/configuration.js';
import { firstNumberOf } from '../../../actors/rules/era.js';
import { chainLimits } from '../../../actors/rules/limits/chain.js';
import { limits } from '../../../actors/rules/limits.js';
import { MalformedError } from '../../../src/errors.js';
import { decodeConfiguration, encodeConfiguration } from '../../../src/wire/configuration-codec.js';
import { decode, encode, type WireValue } from '../../../src/wire/message-pack.js';
import { histories, idOf, placeOf, placesOf } from '../../support/configurations.js';

const seed = 20_261_129;

const stable: Configuration = {
  cluster: 0xffff_ffff,
  number: 7,
  layout: 7,
  partitions: 20,
  ring: 1,
  members: placesOf(1, 2, 3),
  move: undefined,
  leaving: [idOf(8)],
  removed: [idOf(2)],
  recoveries: [],
};
const moving: Configuration = {
  ...stable,
  move: { members: placesOf(1, 4), ring: 2, moved: [0, 7, 8, 19] },
};

/** A place that takes as many bytes as one may. */
function largest(number: number): Place {
  const label = 'é'.repeat(limits.labelBytesMax / 2);
  return placeOf(number, { name: label, host: label, zone: label, weight: 0.1 });
}

function ids(...numbers: readonly number[]): Buffer {
  return Buffer.from(numbers.map(idOf).join(''), 'hex');
}

describe('configurations', () => {
  test.each([stable, moving])('come back as they were', (configuration) => {
    expect(decodeConfiguration(encodeConfiguration(configuration))).toEqual(configuration);
  });

  test('of any history come back, and have bytes of their own', () => {
    fc.assert(
      fc.property(histories, (history) => {
        const bytes = history.map(encodeConfiguration);
        expect(bytes.map(decodeConfiguration)).toEqual(history);
        expect(new Set(bytes.map((each) => each.toString('hex'))).size).toBe(history.length);
      }),
      { seed, numRuns: 200 },
    );
  });

  test('the largest there may be has the room it is said to have, and fits a message', () => {
    const lastNumber = firstNumberOf(chainLimits.recoveriesMax + 1) - 1;
    const members = Array.from({ length: limits.membersMax }, (_, i) => largest(i + 1));
    const moved = Array.from({ length: limits.partitionsMax }, (_, i) => i);
    const most: Configuration = {
      ...stable,
      number: lastNumber,
      layout: lastNumber,
      partitions: limits.partitionsMax,
      members,
      move: { members, ring: 2, moved },
      leaving: [],
      removed: members.map(({ id }) => id),
      recoveries: Array.from({ length: chainLimits.recoveriesMax }, (_, era) => {
        return { from: firstNumberOf(era) + 7, name: 0xffff_ffff };
      }),
    };
    const bytes = encodeConfiguration(most);
    expect(bytes.length).toBeLessThanOrEqual(limits.configurationBytesMax);
    expect(decodeConfiguration(bytes)).toEqual(most);
    // Others in its place could add so much: who leaves is no member.
    const others = limits.membersMax * 8;
    expect(bytes.length + others).toBeLessThanOrEqual(limits.configurationBytesMax);
    expect(limits.configurationBytesMax).toBeLessThan(limits.messageBytesMax / 2);
  });

  test('with any one byte changed, or cut anywhere: another configuration, or a MalformedError', () => {
    fc.assert(
      fc.property(histories, fc.nat(), fc.nat(255), (history, at, byte) => {
        const bytes = encodeConfiguration(history.at(-1)!);
        const changed = Buffer.from(bytes);
        changed[at % bytes.length] = byte;
        for (const damaged of [changed, bytes.subarray(0, at % bytes.length)]) {
          let read: Configuration;
          try {
            read = decodeConfiguration(damaged);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedError);
            continue;
          }
          expect(encodeConfiguration(read).equals(damaged)).toBe(true);
        }
      }),
      { seed, numRuns: 1000 },
    );
  });

  const row = decode(encodeConfiguration(moving)) as WireValue[];
  const places = row[6] as WireValue[][];
  const [members, ring, bits] = row[9] as [WireValue[], WireValue, Buffer];
  const many = Array.from({ length: limits.membersMax + 1 }, (_, i) => [
    ids(i + 1),
    'n',
    'h',
    'z',
    1,
  ]);

  function withColumn(column: number, value: WireValue): WireValue[] {
    return row.map((known, i) => (i === column ? value : known));
  }

  function withPlace(column: number, value: WireValue): WireValue[] {
    const place = places[0]!.map((known, i) => (i === column ? value : known));
    return withColumn(6, [place, ...places.slice(1)]);
  }

  test.each<[string, WireValue]>([
    ['no list', 5],
    ['a version there is not', withColumn(0, 2)],
    ['a column too few', row.slice(0, 9)],
    ['a column too many', [...row, null]],
    ['a cluster of 33 bits', withColumn(1, 2 ** 32)],
    ['a number of 0', withColumn(2, 0)],
    ['a number of 33 bits', withColumn(2, 2 ** 32)],
    ['a number that is a fraction', withColumn(2, 7.5)],
    ['a layout of a later one', withColumn(3, 8)],
    ['a layout of 0', withColumn(3, 0)],
    ['no partitions', withColumn(4, 0)],
    ['too many partitions', withColumn(4, limits.partitionsMax + 1)],
    ['an unknown ring', withColumn(5, 3)],
    ['no members', withColumn(6, [])],
    ['too many members', withColumn(6, many)],
    ['a member twice', withColumn(6, [places[0]!, ...places])],
    ['members that descend', withColumn(6, places.toReversed())],
    ['a member without weight', withColumn(6, [places[0]!.slice(0, 4), ...places.slice(1)])],
    ['a member of two ids', withPlace(0, ids(1, 2))],
    ['a member of no id', withPlace(0, Buffer.alloc(0))],
    ['half an id', withPlace(0, Buffer.alloc(4))],
    ['a name that is none', withPlace(1, 5)],
    ['a name too long', withPlace(1, 'n'.repeat(limits.labelBytesMax + 1))],
    ['a host that would write to a terminal', withPlace(2, '\u001b[2J')],
    ['a zone too long', withPlace(3, 'é'.repeat(limits.labelBytesMax))],
    ['a weight below 0', withPlace(4, -1)],
    ['a weight of -0', withPlace(4, -0)],
    ['a weight too high', withPlace(4, limits.weightMax + 1)],
    ['a weight that is no number', withPlace(4, Number.NaN)],
    ['members that hold nothing', withColumn(6, [[...places[0]!.slice(0, 4), 0]])],
    ['leaving that descend', withColumn(7, ids(9, 8))],
    ['a member that leaves', withColumn(7, ids(4))],
    ['a stranger that was removed', withColumn(8, ids(9))],
    ['removed twice', withColumn(8, ids(2, 2))],
    ['a move of two columns', withColumn(9, [members, ring])],
    ['a move to nobody', withColumn(9, [[], ring, bits])],
    ['a move to an unknown ring', withColumn(9, [members, 0, bits])],
    ['a bit too few', withColumn(9, [members, ring, bits.subarray(1)])],
    ['a bit of no partition', withColumn(9, [members, ring, Buffer.from([0, 0, 1])])],
  ])('are refused with %s', (_what, bad) => {
    expect(() => decodeConfiguration(encode(row))).not.toThrow();
    expect(() => decodeConfiguration(encode(bad))).toThrow(MalformedError);
  });

  test('are refused in another form, and with too many members of all kinds', () => {
    const longer = Buffer.from(encodeConfiguration(stable));
    // The version as an integer of 8 bits.
    const odd = Buffer.concat([longer.subarray(0, 1), Buffer.from([0xcc]), longer.subarray(1)]);
    expect(() => decodeConfiguration(odd)).toThrow('another form');
    const crowd = Array.from({ length: limits.membersMax }, (_, i) => placeOf(i + 10));
    const full = { ...stable, removed: [], members: crowd };
    expect(() => decodeConfiguration(encodeConfiguration(full))).toThrow('too many members');
    const large = Buffer.alloc(limits.configurationBytesMax + 1);
    expect(() => decodeConfiguration(large)).toThrow('too large');
  });
});

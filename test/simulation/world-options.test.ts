import { beforeAll, describe, expect, test } from '@jest/globals';
import { isFault } from './cluster/faults.js';
import { parseCommand } from './core/commands.js';
import { dataMark, drawWorld, faultKinds, moreMark, type WorldOptions } from './world-options.js';

const count = 2000;
let worlds: readonly WorldOptions[];

beforeAll(() => {
  worlds = Array.from({ length: count }, (_, i) => drawWorld(`${i + 1}`));
});

function verbsOf({ faults }: WorldOptions): string[] {
  return faults.map(({ text }) => parseCommand(text)!.verb);
}

const isPeriodic = ({ cluster }: WorldOptions): boolean => cluster.durability.kind !== 'sync';
const tries = ({ work }: WorldOptions): boolean => work.triesMax !== undefined;
const tells = ({ work }: WorldOptions): boolean => work.lastWritersTell !== undefined;
const hasLateFounder = ({ lateFounderFaults }: WorldOptions): boolean =>
  lateFounderFaults !== undefined;
const hasForger = ({ forger }: WorldOptions): boolean => forger !== undefined;

const hasListings = ({ work }: WorldOptions): boolean => work.listing !== undefined;
const hasConditions = ({ work }: WorldOptions): boolean =>
  work.buckets.some(({ use }) => use === 'conditional');

function changesOfN(some: readonly WorldOptions[]): string[] {
  return some
    .flatMap(({ faults }) => faults.map(({ text }) => text))
    .filter((text) => /^bucket .* n=\d$/.test(text));
}

describe(`worlds of the seeds 1 to ${count}`, () => {
  test('every kind of fault is drawn, and each is a command', () => {
    const drawn = new Set(worlds.flatMap(verbsOf));
    expect(faultKinds.filter((kind) => !drawn.has(kind))).toEqual([]);
    expect([...drawn].filter((verb) => !isFault(verb))).toEqual([]);
  });

  test('seeds with a mark draw more, and the others none of it', () => {
    const more = worlds.map(({ seed }) => drawWorld(`${seed}${moreMark}`));
    for (const isNew of [isPeriodic, tries, tells, hasLateFounder, hasForger]) {
      expect(more.some(isNew)).toBe(true);
      expect(worlds.some(isNew)).toBe(false);
    }
  });

  test('seeds with a ^ do more with data, and the others none of it', () => {
    const some = worlds.slice(0, 200);
    const data = some.map(({ seed }) => drawWorld(`${seed}${dataMark}`));
    const others = [...some, ...some.map(({ seed }) => drawWorld(`${seed}${moreMark}`))];
    for (const isNew of [hasListings, hasConditions]) {
      expect(data.some(isNew)).toBe(true);
      expect(others.some(isNew)).toBe(false);
    }
  });

  test('where a disk is lost or damaged no bucket is changed to one copy', () => {
    const data = worlds.slice(0, 500).map(({ seed }) => drawWorld(`${seed}${dataMark}`));
    const losing = data.filter((world) =>
      verbsOf(world).some((verb) => ['wipe', 'lose', 'rot'].includes(verb)),
    );
    expect(changesOfN(losing).filter((text) => text.endsWith(' n=1'))).toEqual([]);
    for (const count of [1, 2, 3])
      expect(changesOfN(data).some((text) => text.endsWith(` n=${count}`))).toBe(true);
  });

  test('what befalls a late founder is a command, and names no other node', () => {
    const more = worlds.flatMap(
      ({ seed }) => drawWorld(`${seed}${moreMark}`).lateFounderFaults ?? [],
    );
    for (const { text } of more) {
      expect(isFault(parseCommand(text)!.verb)).toBe(true);
      expect(parseCommand(text)!.args[0]).toBe('LATE');
    }
  });

  test('faults come in the order of their times', () => {
    for (const { faults } of worlds) {
      const times = faults.map(({ atUs }) => atUs);
      expect(times).toEqual([...times].sort((a, b) => a - b));
    }
  });

  test('one disk is lost or damaged at most, and a directory only where every key is on two', () => {
    for (const world of worlds) {
      const losses = verbsOf(world).filter((verb) => verb === 'wipe' || verb === 'rot').length;
      expect(losses).toBeLessThanOrEqual(1);
      if (verbsOf(world).includes('wipe'))
        expect(Math.min(...world.work.buckets.map(({ n }) => n))).toBeGreaterThan(1);
    }
  });
});

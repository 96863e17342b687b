import { describe, expect, test } from '@jest/globals';
import { boundViolations } from '../support/bound-rules.js';
import { readSources, repositoryRoot } from '../support/source-files.js';

test('bounds: all of them stand in actors/rules/limits', () => {
  expect(boundViolations(readSources(repositoryRoot()))).toEqual([]);
});

describe('bounds: what stands elsewhere is found', () => {
  test.each([
    ['src/client/a.ts', 'const waitingMax = 65_536;'],
    ['src/client/a.ts', 'export const waitingMax: number = 1 << 16;'],
    ['actors/rules/a.ts', 'export const overloadMax = 0.04;'],
    ['src/bus/a.ts', 'const delayMsMax = 2 * limits.gossipIntervalMs;'],
    ['src/bus/a.ts', 'const pauseMs = 250;'],
    ['src/bus/a.ts', '  private static readonly placesMin = 16;'],
    ['src/client/a.ts', '  const { conflictsMax = 4, r } = options;'],
    ['src/client/a.ts', 'const options = { retriesMax: 4 };'],
    ['src/store/a.ts', 'function grow(bytesMax = 1024): void {}'],
    ['src/store/a.ts', '  keysPerTurn = 512;'],
    ['src/cli/a.ts', 'const size = wholeNumber({ min: 1, max: 255 });'],
    ['src/cli/a.ts', 'const size = wholeNumber({ min: 2, max: limits.membersMax });'],
    ['src/options/a.ts', '  max: 65_535,'],
    ['src/options/a.ts', '  max: 0.75,'],
  ])('%s: %s', (path, text) => {
    expect(boundViolations(new Map([[path, text]]))).toHaveLength(1);
  });

  test.each([
    ['actors/rules/limits.ts', 'keysMax: 10,'],
    ['actors/rules/limits/store.ts', 'keysMax: 10,'],
    ['src/store/a.ts', 'const bytes = limits.keyBytesMax + 3;'],
    ['src/store/a.ts', '  const bytesMax = this.options.bytesMax;'],
    ['src/store/a.ts', 'interface Bounds { readonly bytesMax: number; }'],
    ['src/store/a.ts', '  private tickedAtMs = 0;'],
    ['src/store/a.ts', '// const keysMax = 5;'],
    ['src/store/a.ts', 'const headBytes = 3;'],
    ['src/cli/a.ts', 'const size = wholeNumber({ min: 1, max: limits.membersMax });'],
    ['src/options/a.ts', 'check(ttlMs, { min: 0, max: Number.MAX_SAFE_INTEGER });'],
    ['test/unit/a.ts', 'const keysMax = 5;'],
  ])('%s may: %s', (path, text) => {
    expect(boundViolations(new Map([[path, text]]))).toEqual([]);
  });
});

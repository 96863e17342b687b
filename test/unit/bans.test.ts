import { describe, expect, test } from '@jest/globals';
import { banViolations } from '../support/ban-rules.js';
import { readSources, repositoryRoot } from '../support/source-files.js';

test('bans: nothing forbidden is written anywhere', () => {
  expect(banViolations(readSources(repositoryRoot()))).toEqual([]);
});

describe('bans: each rule can fail', () => {
  test.each([
    ['src/api/a.ts', 'const now = Date.now();'],
    ['src/api/a.ts', 'const now = new Date();'],
    ['src/api/a.ts', 'const now = performance.now();'],
    ['src/api/a.ts', 'const now = process.hrtime.bigint();'],
    ['src/api/a.ts', 'setTimeout(() => go(), 5);'],
    ['src/api/a.ts', 'const timer = setTimeout(go);'],
    ['src/cli/a.ts', 'globalThis.setInterval(go, 5);'],
    ['actors/x/a.ts', 'setImmediate(go);'],
    ['src/api/a.ts', "import { setTimeout as sleep } from 'node:timers/promises';"],
    ['src/api/a.ts', 'const die = Math.random();'],
    ['test/simulation/a.ts', 'const die = Math.random();'],
    ['src/api/a.ts', "import { randomBytes } from 'node:crypto';"],
    ['src/api/a.ts', 'crypto.getRandomValues(bytes);'],
    ['src/api/a.ts', "import { readFileSync } from 'node:fs';"],
    ['src/bus/a.ts', "import { connect } from 'node:net';"],
    ['src/api/a.ts', 'let a: any;'],
    ['test/unit/a.ts', 'const a = b as any;'],
    ['test/unit/a.ts', 'const a = new Map<string, any>();'],
    ['src/api/a.ts', '// @ts-ignore'],
    ['src/api/a.ts', '/* oxlint-disable no-shadow */'],
    ['src/api/a.ts', '// TODO: later'],
    ['test/unit/a.ts', "test.skip('a', () => {});"],
    ['src/coordinator/a.ts', 'const nodes = ring.primaries(partition, n);'],
    ['src/replica/a.ts', 'const first = ring.preferenceList(partition)[0];'],
    ['src/replica/a.ts', "const body = asRequest<'merge'>([]);"],
    ['src/api/a.ts', "console.log('here');"],
    ['src/dashboard/page/a.tsx', 'element.innerHTML = key;'],
    ['src/dashboard/page/a.tsx', '<p dangerouslySetInnerHTML={{ __html: value }} />'],
    ['src/dashboard/page/a.ts', 'document.write(value);'],
    ['src/api/a.ts', 'a;\n'.repeat(301)],
  ])('%s: %s', (path, text) => {
    expect(banViolations(new Map([[path, text]]))).toHaveLength(1);
  });

  test.each([
    ['actors/rules/placement.ts', 'const list = layout.preferenceList(partition);'],
    ['src/replica/a.ts', 'const { primaries } = placement;'],
    ['src/wire/protocol/a.ts', "return asAnswer<'merge'>([]);"],
    ['src/seams/real-clock.ts', 'return Date.now();'],
    ['src/api/a.ts', 'this.clock.setTimeout(() => go(), 5);'],
    ['src/seams/clock.ts', 'setTimeout(callback: () => void, delayMs: number): TimerId;'],
    ['src/api/a.ts', 'const date = new Date(sibling.wallMs);'],
    ['src/api/a.ts', "// Date.now() is banned\nconst text = 'Math.random()';"],
    ['src/api/a.ts', 'const anyone = { any: 1 };'],
    ['src/cli/a.ts', "import { readFileSync } from 'node:fs';"],
  ])('%s may: %s', (path, text) => {
    expect(banViolations(new Map([[path, text]]))).toEqual([]);
  });
});

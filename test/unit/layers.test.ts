import { describe, expect, test } from '@jest/globals';
import { importCycles, layerViolations } from '../support/layer-rules.js';
import { codeOf, importsOf, readSources, repositoryRoot } from '../support/source-files.js';

/** The rule's word on one made-up file. */
function violationsOf(path: string, text: string): string[] {
  return layerViolations(new Map([[path, text]]));
}

function cyclesOf(files: Readonly<Record<string, string>>): string[] {
  return importCycles(new Map(Object.entries(files)));
}

test('layers: every import of the project goes where the architecture allows', () => {
  const sources = readSources(repositoryRoot());
  expect(sources.size).toBeGreaterThan(20);
  expect(layerViolations(sources)).toEqual([]);
});

test('layers: no two files import each other, nor do two folders of the product', () => {
  expect(importCycles(readSources(repositoryRoot()))).toEqual([]);
});

describe('layers: each rule can fail', () => {
  test.each([
    ['actors/rules/ring.ts', "import { setup } from 'xstate';"],
    ['actors/rules/ring.ts', "import { x } from '../coordinator/put-round.machine.js';"],
    ['actors/replica/drain.ts', "import { Clock } from '../../src/seams/clock.js';"],
    ['actors/replica/drain.ts', "import { readFileSync } from 'node:fs';"],
    ['actors/replica/drain.ts', "import { injectable } from 'tsyringe';"],
    ['src/wire/frame.ts', "import { Bus } from '../seams/bus.js';"],
    ['src/store/log.ts', "import type { Peers } from '../bus/peers.js';"],
    ['src/store/log.ts', "export { Peers } from '../bus/peers.js';"],
    ['src/store/log.ts', "const peers = await import('../bus/peers.js');"],
    ['src/coordinator/round.ts', "import { x } from '../api/subjects.js';"],
    ['src/client/client.ts', "import { Store } from '../store/store.js';"],
    ['src/node/start-node.ts', "import { connect } from '../client/client.js';"],
    ['src/api/api.ts', "import { x } from '../node/start-node.js';"],
    ['src/bus/bus-peers.ts', "import { connect } from 'nats';"],
    ['src/cli/main.ts', "import { connect } from 'nats';"],
    ['src/store/store.ts', "import { open } from 'lmdb';"],
    ['src/wire/frame.ts', "import msgpack from 'msgpack-lite';"],
    ['src/api/api.ts', "import { Command } from 'commander';"],
    ['src/api/api.ts', "import x from 'left-pad';"],
    ['src/api/api.ts', 'const clock = container.resolve(Clock);'],
    ['src/elsewhere/thing.ts', ''],
    // Upward, type or not.
    ['src/store/store.ts', "import type { NodeOptions } from '../node/node-options.js';"],
    ['src/options/node-options.ts', "import type { Durability } from '../store/store.js';"],
    ['src/buckets/told-buckets.ts', "import { ClusterView } from '../membership/cluster-view.js';"],
    ['src/client/client.ts', "import { Buckets } from '../buckets/buckets.js';"],
    ['src/bus/nats-bus.ts', "import { NodeOptions } from '../options/node-options.js';"],
    ['src/index.ts', "import { Command } from './cli/main.js';"],
    ['src/cli/ask.ts', "import { addGet } from './commands/get.js';"],
    ['src/cli/up/probe.ts', "import type { Flags } from '../commands/up.js';"],
    ['src/cli/commands/up.ts', "import { main } from '../main.js';"],
  ])('%s: %s', (path, text) => {
    expect(violationsOf(path, text)).toHaveLength(1);
  });

  test.each([
    [
      'actors/replica/drain.ts',
      "import { setup } from 'xstate';\nimport { limits } from '../rules/limits.js';",
    ],
    ['src/bus/nats-bus.ts', "import { connect } from 'nats';"],
    ['src/api/api.ts', "import { NodeOptions } from '../options/node-options.js';"],
    ['src/store/store.ts', "import { NodeOptions } from '../options/node-options.js';"],
    ['src/cli/main.ts', "import { addGet } from './commands/get.js';"],
    ['src/api/api.ts', "// import x from 'left-pad'\n/* container.resolve(Clock) */"],
    ['test/bench/main.ts', "import { connect } from 'nats';"],
  ])('%s may: %s', (path, text) => {
    expect(violationsOf(path, text)).toEqual([]);
  });
});

describe('layers: cycles are found', () => {
  test('of two files, in every form of an import', () => {
    for (const back of [
      "import { a } from './a.js';",
      "import type { A } from './a.js';",
      "import { type A } from './a.js';",
      "export type { A } from './a.js';",
      "import './a.js';",
      "const a = await import('./a.js');",
      "let a: import('./a.js').A;",
    ])
      expect(cyclesOf({ 'src/store/a.ts': "import './b.js';", 'src/store/b.ts': back })).toEqual([
        'src/store/a.ts → src/store/b.ts → src/store/a.ts',
      ]);
  });

  test('of three files, once, whichever is read first; what only leads there is not named', () => {
    const ring = [
      ['test/support/c.ts', "import './a.js';"],
      ['test/support/b.ts', "import './c.js';"],
      ['test/support/a.ts', "import './b.js';"],
      ['test/support/z.ts', "import './a.js';"],
    ] as const;
    const found = ['test/support/a.ts → test/support/b.ts → test/support/c.ts → test/support/a.ts'];
    expect(cyclesOf(Object.fromEntries(ring))).toEqual(found);
    expect(cyclesOf(Object.fromEntries(ring.toReversed()))).toEqual(found);
  });

  test('of a file with itself', () => {
    expect(cyclesOf({ 'src/store/a.ts': "import './a.js';" })).toHaveLength(1);
  });

  test('of folders whose files have none', () => {
    const files = {
      'actors/node/a.ts': "import type { B } from '../replica/b.js';",
      'actors/node/c.ts': '',
      'actors/replica/b.ts': '',
      'actors/replica/d.ts': "import '../node/c.js';",
    };
    expect(cyclesOf(files)).toEqual(['actors/node/ → actors/replica/ → actors/node/']);
  });

  test('none where all import downward; a file that is a layer stands for itself', () => {
    const files = {
      'src/cli/main.ts': "import './commands/get.js';",
      'src/cli/commands/get.ts': "import '../output.js';\nimport '../../errors.js';",
      'src/cli/output.ts': '',
      'src/errors.ts': '',
      'src/index.ts': "import './errors.js';",
    };
    expect(cyclesOf(files)).toEqual([]);
  });
});

test('layers: the reader of imports sees all their forms', () => {
  const text = `import a from 'a';
import { b,
  bb } from "b"; import 'c';
export * from './d.js';
const e = await import('e');
// import f from 'f';
const text = "import g";
const example = \`
import { x } from 'x';\`;
import type { H } from 'h';`;
  expect(importsOf(text)).toEqual(['a', 'b', 'c', './d.js', 'e', 'h']);
});

test('layers: the reader of code leaves out comments and strings, and keeps what is between', () => {
  const text = "a('// b'); // c\n/* d\n*/ e(`f ${g} h`, /'/, \"i\"); j";
  expect(codeOf(text)).toBe("a(''); \n\n e(${g}, '', ''); j");
});

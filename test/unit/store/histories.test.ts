import 'reflect-metadata';
import { expect, test } from '@jest/globals';
import { assert, asyncProperty, array, constantFrom, integer, record } from 'fast-check';
import { merge as mergeStates, sameState, type KeyState } from '../../../actors/rules/versions.js';
import type { StoreProcess } from '../../support/store-process.js';
import {
  batchOf,
  keyNamed,
  merge,
  put,
  stateAfter,
  StoreHome,
  testPartitions,
} from '../../support/store-process.js';
import { treesFromScratch } from '../../support/trees-from-scratch.js';

const seed = 20_260_119;
const names = Array.from({ length: 12 }, (_, i) => `key ${i}`);
const nodes = ['8899aabbccddeeff', 'a1a2a3a4a5a6a7a8'];

const step = record({
  what: constantFrom(
    'put',
    'put',
    'put',
    'merge',
    'merge',
    'hint',
    'settle',
    'remove',
    'delete',
    'kill',
    'stop',
    'unsynced',
  ),
  name: constantFrom(...names),
  node: constantFrom(...nodes),
  number: integer({ min: 1, max: 50 }),
});

type Step = typeof step extends import('fast-check').Arbitrary<infer T> ? T : never;

/** The store and what it should hold. */
class Run {
  process!: StoreProcess;
  readonly home = new StoreHome();
  /** Undefined: absent. */
  readonly model = new Map<string, KeyState>();
  readonly hints = new Set<string>();
  private readonly options = { storeBounds: { memtableBytesMax: 1500, logSegmentBytesMax: 900 } };

  async start(): Promise<void> {
    this.process = await this.home.start(this.options);
    this.process.store.setOwned((key) => key.charCodeAt(1) % 2 === 0);
  }

  async take(step: Step): Promise<void> {
    const { store } = this.process;
    const key = keyNamed(step.name);
    switch (step.what) {
      case 'put':
      case 'delete':
        await put(store, key, step.what === 'put' ? 'x'.repeat(step.number * 4) : null);
        this.model.set(key, store.read(key)!.state);
        break;
      case 'merge':
      case 'hint': {
        const state = stateAfter(this.model.get(key), {
          value: `theirs ${step.number}`,
          node: step.node,
          epoch: step.number,
        });
        await merge(store, [{ key, state }], step.what === 'hint' ? { owedTo: step.node } : {});
        this.model.set(key, mergeStates(this.model.get(key) ?? state, state));
        if (step.what === 'hint') this.hints.add(step.node + key);
        break;
      }
      case 'settle':
        await this.settle(step.node);
        break;
      case 'remove':
        if (this.model.has(key)) {
          const { digest } = store.read(key)!;
          await new Promise<void>((done) => store.remove([{ key, digest }], done));
          if (!this.isOwed(key)) this.model.delete(key);
        }
        break;
      case 'unsynced':
        this.home.disk.held = true;
        void put(store, key, 'never acknowledged').catch(() => undefined);
        await new Promise((resolve) => setImmediate(resolve));
        await this.restart((unsynced) => Math.min(unsynced, step.number));
        break;
      case 'kill':
        await this.restart(() => 0);
        break;
      default:
        await store.close();
        await this.start();
        expect(this.process.report.clean).toBe(true);
    }
  }

  private async settle(target: string): Promise<void> {
    const { store } = this.process;
    const sent = store.hints.next(target, { records: 2, bytes: 1 << 20 });
    await new Promise<void>((done) => store.hints.settle(target, sent, done));
    for (const { key } of sent) {
      this.hints.delete(target + key);
      const stray = key.charCodeAt(1) % 2 !== 0;
      if (stray && !this.isOwed(key)) this.model.delete(key);
    }
  }

  private isOwed(key: string): boolean {
    return nodes.some((node) => this.hints.has(node + key));
  }

  private async restart(keep: (unsynced: number) => number): Promise<void> {
    await this.process.kill(keep);
    this.home.disk.held = false;
    await this.start();
    expect(this.process.report.suspectPartitions).toEqual([]);
  }

  check(): void {
    const { store } = this.process;
    const held: string[] = [];
    for (let partition = 0; partition < testPartitions; partition++)
      for (const { key } of store.scan({ partition, limit: Infinity })) held.push(key);
    expect(held.sort()).toEqual([...this.model.keys()].sort());
    for (const [key, state] of this.model) {
      const record = store.read(key)!;
      if (!sameState(record.state, state)) throw new Error(`${JSON.stringify(key)} differs`);
      expect(batchOf([{ key, state: record.state }]).includes(record.bytes)).toBe(true);
    }
    const trees = Array.from({ length: testPartitions }, (_, partition) => ({
      root: store.trees.root(partition),
      leaves: store.trees.leafDigests(partition),
    }));
    expect(trees).toEqual(treesFromScratch(store, testPartitions));
    expect(store.keys).toBe(this.model.size);
    const onDisk = store.hints
      .targets()
      .flatMap((target) =>
        store.hints.next(target, { records: 99, bytes: 1 << 20 }).map(({ key }) => target + key),
      );
    expect(onDisk.sort()).toEqual([...this.hints].sort());
  }
}

test('random histories with kills and clean stops, flushing all the time: records, trees, hints and counts as they should be', async () => {
  await assert(
    asyncProperty(array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
      const run = new Run();
      try {
        await run.start();
        for (const each of steps) {
          await run.take(each);
          if (each.what === 'kill' || each.what === 'stop' || each.what === 'unsynced') run.check();
        }
        run.check();
      } finally {
        await run.process.kill();
        run.home.remove();
      }
    }),
    { seed, numRuns: 30, endOnFailure: true },
  );
});

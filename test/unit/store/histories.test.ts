import 'reflect-metadata';
import { expect, test } from '@jest/globals';
import { assert, asyncProperty, array, constantFrom, integer, record } from 'fast-check';
import { deadSinceMs } from '../../../actors/rules/collection.js';
import { emptied, isEmptied } from '../../../actors/rules/expiry.js';
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
    'lend',
    'lend',
    'hear',
    'expire',
    'kill',
    'stop',
    'unsynced',
  ),
  name: constantFrom(...names),
  node: constantFrom(...nodes),
  number: integer({ min: 1, max: 50 }),
});

type Step = typeof step extends import('fast-check').Arbitrary<infer T> ? T : never;

/** Seconds of the histories' wall clock: what they put expires at one of them. */
const wallMs = (second: number): number => 1_767_225_600_000 + second * 1000;

/** The store and what it should hold. */
class Run {
  process!: StoreProcess;
  readonly home = new StoreHome();
  /** Undefined: absent. */
  readonly model = new Map<string, KeyState>();
  readonly hints = new Set<string>();
  /** Of the wall clock. */
  private second = 0;
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
      case 'lend':
        await put(store, key, 'y'.repeat(step.number * 4), undefined, this.expiryOf(step));
        this.model.set(key, store.read(key)!.state);
        break;
      case 'expire':
        this.second += step.number % 7;
        await this.expire();
        break;
      case 'hear':
      case 'merge':
      case 'hint': {
        const state = stateAfter(this.model.get(key), {
          value: `theirs ${step.number}`,
          node: step.node,
          epoch: step.number,
          expiresAtMs: step.what === 'hear' ? this.expiryOf(step) : 0,
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

  /** Behind the clock, too: what comes late has expired. */
  private expiryOf({ number }: Step): number {
    return wallMs(this.second + (number % 10) - 2) - (number % 3);
  }

  /** All that is due is found, in memtables and tables, and nothing else. */
  private async expire(): Promise<void> {
    const { expiries } = this.process.store;
    const untilMs = wallMs(this.second);
    for (;;) {
      const { looked } = await new Promise<{ looked: number }>((done) => {
        const all = expiries.empty(untilMs, 3, () => done(all));
      });
      if (looked < 3) break;
    }
    for (const [key, { context, siblings }] of this.model)
      this.model.set(key, { context, siblings: emptied(siblings, untilMs) });
  }

  /** Each walk over what is dead rests before the next one: it is long after it. */
  private checkDead(): void {
    this.second += 3600;
    const untilMs = wallMs(this.second);
    const found = new Set<string>();
    for (;;) {
      const some = this.process.store.expiries.dead(untilMs, { limit: 5, isWanted: () => true });
      for (const { key } of some) found.add(key);
      if (some.length < 5) break;
    }
    const dead = [...this.model].filter(
      ([, { siblings }]) =>
        siblings.some(isEmptied) && siblings.every((sibling) => deadSinceMs(sibling) <= untilMs),
    );
    expect([...found].sort()).toEqual(dead.map(([key]) => key).sort());
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
    this.checkDead();
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

import { beforeEach, expect, test } from '@jest/globals';
import { KeyPattern } from '../../../actors/rules/key-pattern.js';
import { nameOfStorageKey, storageKeyOf, type StorageKey } from '../../../actors/rules/key.js';
import { watchLimits } from '../../../actors/rules/limits/watch.js';
import { KnownBuckets } from '../../../src/buckets/known-buckets.js';
import { nodeOptionsDefault } from '../../../src/options/node-options.js';
import { FeedHandler } from '../../../src/replica/feed-handler.js';
import { FeedSource } from '../../../src/replica/feed-source.js';
import { encodable } from '../../../src/wire/key-state-codec.js';
import { encodeManifest } from '../../../src/wire/manifest.js';
import { decode, encode, type WireValue } from '../../../src/wire/message-pack.js';
import {
  changesOf,
  feedBody,
  keysOf,
  lastOf,
  rootsOf,
  type FeedFilter,
  type FeedQuestion,
  type FeedRow,
} from '../../../src/wire/protocol/feed.js';
import { SimRandom } from '../../simulation/core/sim-random.js';
import { ReplicaWorld } from '../../support/replica-world.js';

const partitions = 16;
const all = new Set(Array.from({ length: partitions }, (_, partition) => partition));
const filter: FeedFilter = {
  bucket: 'b',
  pattern: KeyPattern.of('>')!,
  values: true,
  deleted: false,
};

let world: ReplicaWorld;
let source: FeedSource;

beforeEach(async () => {
  world = await ReplicaWorld.start(2);
  const { store, peers, clock } = world.nodes[0]!;
  const settings = { ...nodeOptionsDefault, partitions, name: 'n', dataDir: '' };
  const buckets = new KnownBuckets(settings);
  source = new FeedSource(store, buckets, settings, clock, new SimRandom('feed'));
  new FeedHandler(peers, source, store, settings, clock).start();
  await world.run(10);
});

/** The second node asks the first. */
async function ask(question: FeedQuestion, forMs = 20): Promise<readonly WireValue[] | string> {
  const [{ id }, { peers }] = [world.nodes[0]!, world.nodes[1]!];
  let answer: readonly WireValue[] | string = 'nothing';
  peers.call(id, 'feed', feedBody(question, partitions), (got) => {
    if (got.kind === 'ok') answer = decode(encode(got.body)) as readonly WireValue[];
    else answer = got.kind === 'refused' ? `${got.code}` : got.kind;
  });
  await world.run(forMs);
  return answer;
}

async function changes(
  after: number,
  { life = source.life, asked = all, how = filter } = {},
): Promise<{ upTo: number | undefined; shown: string[]; rows: readonly FeedRow[] }> {
  const question = { kind: 'changes', life, after, partitions: asked, filter: how } as const;
  const { upTo, rows } = changesOf((await ask(question)) as WireValue[], after);
  return { upTo, rows, shown: rows.map(shownOf) };
}

const shownOf = ({ key, shown, values }: FeedRow): string =>
  `${key} ${shown}${values === undefined ? '' : ` ${values.map(String).join('+')}`}`;

test('changes since a number, each key once and as it is now', async () => {
  const from = world.nodes[0]!.store.recent.last;
  await world.put(0, world.key('a'));
  await world.put(0, world.key('b', 3));
  await world.put(0, world.key('a'), { value: null });
  const seen = await changes(from);
  expect(seen.shown).toEqual(['a deleted', 'b live v']);
  expect(seen.upTo).toBe(from + 3);
  expect((await changes(from + 3)).shown).toEqual([]);
  expect((await changes(from, { asked: new Set([3]) })).shown).toEqual(['b live v']);
});

test('by bucket and pattern; values only where they are asked for; what is past its time is expired', async () => {
  const { store, clock } = world.nodes[0]!;
  const from = store.recent.last;
  await world.put(0, storageKeyOf({ partition: 1, bucket: 'other', key: 'a' }));
  await world.put(0, storageKeyOf({ partition: 1, bucket: 'bb', key: 'x.1' }));
  await world.put(0, world.key('x.1'), { value: 'v', expiresAtMs: clock.wallMs() + 50 });
  await world.put(0, world.key('y.1'));
  const how = { ...filter, values: false, pattern: KeyPattern.of('x.*')! };
  expect((await changes(from, { how })).shown).toEqual(['x.1 live']);
  await world.run(100);
  expect((await changes(from, { how })).shown).toEqual(['x.1 expired']);
  store.expiries.empty(clock.wallMs() + 1_000, 10, () => {});
  expect((await changes(from, { how })).shown).toEqual(['x.1 expired']);
});

test('the value of a manifest is not shown as if it were the big value', async () => {
  const { store } = world.nodes[0]!;
  const from = store.recent.last;
  const key = world.key('big');
  const { context, siblings } = await world.put(0, key);
  const about = { size: 9, partBytes: 3, sha256: Buffer.alloc(32), upload: 'u'.repeat(16) };
  const value = encodeManifest(about);
  const state = { context, siblings: [{ ...siblings[0]!, value, manifest: true } as const] };
  store.mint([{ key, state: encodable(state), mark: 0 }], () => {});
  expect((await changes(from)).shown).toEqual(['big live']);
});

test('numbers of another life, of the future and those that are forgotten are too old', async () => {
  const { recent } = world.nodes[0]!.store;
  expect((await changes(recent.last + 1)).upTo).toBeUndefined();
  expect((await changes(recent.last, { life: '0'.repeat(16) })).upTo).toBeUndefined();
  for (let i = 0; i <= watchLimits.changesKeptMax; i++) recent.add(0, undefined);
  expect((await changes(recent.forgotten - 1)).upTo).toBeUndefined();
  const seen = await changes(recent.forgotten);
  expect(seen.upTo).toBe(recent.forgotten + watchLimits.answerLookedAtMax);
});

test('all keys, page by page, with those that are deleted only where they are asked for', async () => {
  const names: StorageKey[] = [];
  for (let i = 0; i < 700; i++) {
    const key = storageKeyOf({ partition: (i * 7) % partitions, bucket: 'b', key: `k${i}` });
    names.push(key);
    void world.put(0, key, { value: i % 10 === 0 ? null : 'v' });
  }
  await world.put(0, storageKeyOf({ partition: 2, bucket: 'c', key: 'c' }));
  await world.run(10);
  for (const deleted of [false, true]) {
    const found: string[] = [];
    let after = '';
    let pages = 0;
    do {
      const how = { ...filter, deleted };
      const body = await ask({ kind: 'keys', partitions: all, after, filter: how });
      const page = keysOf(body as WireValue[], after);
      found.push(...page.rows.map(({ key }) => key));
      after = page.upTo;
      pages++;
    } while (after !== '');
    const wanted = names.filter((_, i) => deleted || i % 10 !== 0).sort();
    expect(found).toEqual(wanted.map((name) => nameOfStorageKey(name).key));
    expect(pages).toBeGreaterThan(1);
  }
});

test('who asks for the last change waits for it, but no longer than it says', async () => {
  const { recent } = world.nodes[0]!.store;
  const question = { kind: 'last', life: source.life, after: recent.last, waitMs: 200 } as const;
  const asked = ask(question, 50);
  expect(await asked).toBe('nothing');
  await world.run(300);
  const waiting = ask(question, 100);
  await world.put(0, world.key('a'));
  expect(lastOf((await waiting) as WireValue[])).toEqual({ life: source.life, last: recent.last });
  const other = await ask({ ...question, life: '0'.repeat(16) });
  expect(lastOf(other as WireValue[]).life).toBe(source.life);
});

test('roots of what changed; to a stranger to this life, of all that is held', async () => {
  const { recent, trees } = world.nodes[0]!.store;
  await world.put(0, world.key('a', 5));
  const from = recent.last;
  await world.put(0, world.key('b', 9));
  const roots = async (life: string): Promise<readonly number[]> => {
    const body = await ask({ kind: 'roots', life, after: from, from: 0 });
    const told = rootsOf(body as WireValue[], partitions);
    for (const [i, partition] of told.partitions.entries())
      expect(told.roots[i]).toEqual(trees.root(partition));
    return told.partitions;
  };
  expect(await roots(source.life)).toEqual([9]);
  expect(await roots('')).toEqual([5, 9]);
});

test('what is malformed is refused', async () => {
  const question = { kind: 'last', life: source.life, after: 0, waitMs: 60_000 } as const;
  expect(await ask(question)).toBe('400');
  expect(await ask({ ...question, waitMs: 0, life: 'x' })).toBe('400');
});

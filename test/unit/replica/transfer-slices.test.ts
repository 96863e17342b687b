/** What a source does for one question, over a store on the disk: a bounded piece of work. */
import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { storageKeyOf, type StorageKey } from '../../../actors/rules/key.js';
import { transferLimits } from '../../../actors/rules/limits/transfer.js';
import { yieldingLimits } from '../../../actors/rules/limits/yielding.js';
import { KnownBuckets } from '../../../src/buckets/known-buckets.js';
import type { IncomingCall, Peers } from '../../../src/bus/peers.js';
import { TransferHandler } from '../../../src/replica/transfer-handler.js';
import { decode, encode } from '../../../src/wire/message-pack.js';
import { sentOf, transferBody, type SentStates } from '../../../src/wire/protocol/transfer.js';
import { decodeBatch } from '../../../src/wire/state-batch.js';
import type { WireValue } from '../../../src/wire/wire-value.js';
import { ManualClock } from '../../support/manual-clock.js';
import { HandMadeView } from '../../support/round-cluster.js';
import { merge, stateAfter, StoreHome, type StoreProcess } from '../../support/store-process.js';

const [stable, moving] = [2, 3];
const direction = 0;
const partition = 1;
const [self, target] = ['0011223344556677', '8899aabbccddeeff'];

/** Each look at it takes some time: so long does what is done between two looks. */
class SlowClock extends ManualClock {
  lookMs = 0;

  override monotonicMs(): number {
    this.advance(this.lookMs);
    return super.monotonicMs();
  }
}

let home: StoreHome;
let process: StoreProcess;
let clock: SlowClock;
let ask: (after: StorageKey, from?: string) => SentStates;

beforeEach(() => {
  home = new StoreHome();
});

afterEach(async () => {
  await process.store.close();
  home.remove();
});

const ignored = (): void => undefined;
const refuse = (_: number, message: string): never => {
  throw new Error(message);
};

const keyAt = (i: number): StorageKey =>
  storageKeyOf({ partition, bucket: 'b', key: `k${String(i).padStart(6, '0')}` });

/** A source whose partition moves to the target, all of it in the tables. */
async function sourceWith(count: number, valueBytes: number): Promise<void> {
  process = await home.start();
  const value = 'x'.repeat(valueBytes);
  for (let i = 0; i < count; i += 200) {
    const some = Array.from({ length: Math.min(200, count - i) }, (_, at) => i + at);
    const records = some.map((at) => ({
      key: keyAt(at),
      state: stateAfter(undefined, { value, node: self }),
    }));
    await merge(process.store, records);
  }
  await process.store.close();
  process = await home.start();
  const { store } = process;
  const view = new HandMadeView([self, target], self);
  view.learn(stable, [self]);
  view.moveTo(moving, [self, target]);
  clock = new SlowClock();
  const options = home.optionsWith({
    defaults: { ...home.optionsWith({}).defaults, n: 1, r: 1, w: 1 },
    // By this one alone the partition moves to the source as well.
    buckets: { other: { n: 2 } },
  });
  let handle: (call: IncomingCall<'transfer'>) => void = ignored;
  const peers = {
    handle: (_: string, handler: (call: IncomingCall<'transfer'>) => void) => {
      handle = handler;
    },
  } as unknown as Peers;
  const handler = new TransferHandler(
    peers,
    store,
    view,
    new KnownBuckets(options),
    options,
    clock,
  );
  handler.start();
  ask = (after, from = target) => {
    const answers: WireValue[][] = [];
    const question = { kind: 'states', layout: moving, direction, partition, after } as const;
    const ok = (body: readonly WireValue[]): void =>
      void answers.push(decode(encode(body)) as WireValue[]);
    handle({ from, id: 1, body: transferBody(question), ok, refuse });
    return sentOf(answers[0]!, after);
  };
}

const keysOf = ({ batch }: SentStates): StorageKey[] =>
  decodeBatch(Buffer.from(batch)).map(({ key }) => key);

/** All of the partition, answer by answer. */
function* answers(): Generator<SentStates> {
  for (let after = '', isFirst = true; isFirst || after !== ''; isFirst = false) {
    const sent = ask(after);
    yield sent;
    after = sent.upTo;
  }
}

describe('what one question for states has a source do', () => {
  test.each([
    ['small ones', 1_000, 20],
    ['of a kilobyte', 400, 1_000],
    ['large ones', 12, 100_000],
  ])('%s: bounded in bytes and in states, and each is sent once', async (_, count, valueBytes) => {
    await sourceWith(count, valueBytes);
    const found: StorageKey[] = [];
    for (const sent of answers()) {
      const keys = keysOf(sent);
      expect(keys.length).toBeLessThanOrEqual(transferLimits.batchStatesMax);
      if (keys.length > 1)
        expect(sent.batch.length).toBeLessThan(transferLimits.batchBytesMax + 16 * keys.length);
      expect(sent.isWhole).toBe(true);
      found.push(...keys);
    }
    expect(found).toEqual(Array.from({ length: count }, (_, i) => keyAt(i)));
  });

  test('a disk that is slow: it ends when its time is over, and still comes on', async () => {
    await sourceWith(100, 100);
    clock.lookMs = transferLimits.batchMsMax / 8;
    const counts = [...answers()].map((sent) => keysOf(sent).length);
    expect(Math.max(...counts)).toBeLessThanOrEqual(8);
    expect(counts.reduce((sum, count) => sum + count)).toBe(100);
    // However slow: one key at a time.
    clock.lookMs = 10 * transferLimits.batchMsMax;
    expect(keysOf(ask(''))).toEqual([keyAt(0)]);
  });

  test('keys the asker is not to hold: so many are looked at, and it goes on behind them', async () => {
    await sourceWith(transferLimits.scannedKeysMax + 10, 10);
    const [first, second] = [ask('', self), ask(keyAt(transferLimits.scannedKeysMax - 1), self)];
    expect([keysOf(first), first.upTo]).toEqual([[], keyAt(transferLimits.scannedKeysMax - 1)]);
    expect([keysOf(second), second.upTo]).toEqual([[], '']);
  });

  test('who asks is told to rest; of several, each for the others as well; never for too long', async () => {
    await sourceWith(20, 10);
    const rests = Array.from({ length: 3 }, () => ask('').restMs);
    expect(rests[0]).toBeGreaterThanOrEqual(yieldingLimits.restMsMin);
    expect(rests[1]).toBeGreaterThan(rests[0]!);
    expect(rests[2]).toBeGreaterThan(rests[1]!);
    clock.advance(rests[2]!);
    expect(ask('').restMs).toBeLessThan(rests[1]!);
    for (let i = 0; i < transferLimits.toldRestMsMax / yieldingLimits.restMsMin; i++) ask('');
    expect(ask('').restMs).toBe(transferLimits.toldRestMsMax);
  });
});

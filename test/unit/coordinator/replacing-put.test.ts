/**
 * A put that replaces all that is held is minted on bytes: the same as it would be with objects, or
 * not at all.
 */
import { describe, expect, test } from '@jest/globals';
import { array, assert, boolean, constantFrom, integer, property, record } from 'fast-check';
import { bucketOptionsDefault } from '../../../actors/rules/bucket.js';
import { actorOf } from '../../../actors/rules/actor.js';
import { limits } from '../../../actors/rules/limits.js';
import type { KeyState, SeenContext } from '../../../actors/rules/versions.js';
import { standing } from '../../../actors/rules/operations.js';
import { merge, nothingSeen, seenAll } from '../../../actors/rules/versions.js';
import { absentRecord, type LocalRecord } from '../../../src/coordinator/local-record.js';
import type { PutRequest } from '../../../src/coordinator/coordinator.js';
import { LostNodes } from '../../../src/coordinator/lost-nodes.js';
import { Minter, type MintedPut } from '../../../src/coordinator/minting.js';
import { QuorateError } from '../../../src/errors.js';
import { stateIn } from '../../../src/wire/encoded-state.js';
import { decodeSeen, decodeState, encodeState } from '../../../src/wire/key-state-codec.js';
import { encodeManifest } from '../../../src/wire/manifest.js';
import { uploadOf } from '../../../src/wire/part-names.js';
import { ReplacingState } from '../../../src/wire/replacing-state.js';
import { LoneMinter } from '../../support/lone-minter.js';
import { ManualClock } from '../../support/manual-clock.js';
import { MapStore } from '../../support/map-store.js';
import { putRequest } from '../../support/put-request.js';

const node = '7'.repeat(16);

function minterOf(clock = new ManualClock()): LoneMinter {
  return new LoneMinter(node, clock);
}

function bytesOf({ encoded }: MintedPut): Buffer {
  const bytes = Buffer.alloc(encoded.encodedBytes);
  if (encoded.write(bytes, 0) !== bytes.length) throw new Error('another length than it said');
  return bytes;
}

/** As the store holds it; `state` must not be looked at where bytes will do. */
function heldOf({ bytes, mark }: { bytes: Buffer; mark: number }): LocalRecord {
  return { span: stateIn(bytes), mark, state: decodeState(bytes) };
}

const withoutBytes = ({ state, mark }: LocalRecord): LocalRecord => ({ state, mark });

const bucket = bucketOptionsDefault;

const step = record({
  /** Another node's write arrives before it: from below, between or above this node's actors. */
  arrives: constantFrom(0, 0, 1, 2),
  from: constantFrom('0'.repeat(16), node, 'f'.repeat(16)),
  context: constantFrom('blind', 'last', 'first', 'empty', 'now' as const),
  operation: constantFrom('', 'x', 'y', 'a longer operation'),
  copy: constantFrom('first', 'first', 'first', 'any', 'later' as const),
  waitsMs: constantFrom(0, 1000, 500_000),
  crashes: boolean(),
  isPassedOn: boolean(),
  /** Another node is lost before it, or is back. */
  lost: constantFrom(...Array<undefined>(8), 'suspect' as const, 'alive' as const),
  tombstone: boolean(),
  isManifest: boolean(),
  conflict: constantFrom('siblings', 'siblings', 'last-writer-wins' as const),
  ttlMs: constantFrom(0, 0, 5000),
  value: integer({ min: 0, max: 300 }),
});

test('random histories: two coordinators, one that sees bytes and one that sees objects, leave the same', () => {
  let onBytes = 0;
  const holds = property(array(step, { minLength: 1, maxLength: 15 }), (steps) => {
    const clock = new ManualClock();
    const [fast, plain] = [minterOf(clock), minterOf(clock)];
    let local = absentRecord;
    let epoch = 100;
    const contexts: SeenContext[] = [nothingSeen];
    for (const at of steps) {
      for (let i = 0; i < at.arrives; i++) local = arrived(local, at.from, epoch++);
      clock.advance(at.waitsMs);
      if (at.lost !== undefined)
        for (const { lost } of [fast, plain]) lost.follow('f'.repeat(16), at.lost);
      if (at.crashes) local = { ...local, mark: 0 };
      const context = {
        blind: undefined,
        empty: nothingSeen,
        first: contexts[0]!,
        last: contexts.at(-1)!,
        now: seenAll(local.state.context),
      }[at.context];
      const request = putRequest({
        context,
        operation: at.operation,
        copy: at.copy,
        isPassedOn: at.isPassedOn,
        deadlineMs: clock.monotonicMs() + 1000,
        askedMs: clock.monotonicMs() - 500,
        ttlMs: at.ttlMs,
        ...valueOf(at, clock.wallMs()),
      });
      const settings = { ...bucket, conflict: at.conflict };
      const seen = fast.mint(request, local, settings);
      const same = plain.mint(request, withoutBytes(local), settings);
      if (seen instanceof QuorateError || same instanceof QuorateError) {
        expect(seen).toEqual(same);
        continue;
      }
      if (seen.encoded instanceof ReplacingState) onBytes++;
      const bytes = bytesOf(seen);
      const areSame =
        bytes.equals(encodeState(same.state)) &&
        bytes.equals(encodeState(seen.state)) &&
        seen.context.equals(same.context) &&
        seen.mark === same.mark;
      if (!areSame) throw new Error(`${bytes.toString('hex')} ${JSON.stringify([seen, same])}`);
      contexts.push(decodeSeen(seen.context));
      local = heldOf({ bytes, mark: seen.mark });
    }
  });
  assert(holds, { seed: 20_261_123, numRuns: 1200 });
  expect(onBytes).toBeGreaterThan(1000);
});

function valueOf(
  { tombstone, isManifest, value }: { tombstone: boolean; isManifest: boolean; value: number },
  nowMs: number,
): Pick<PutRequest, 'value' | 'isManifest'> {
  if (tombstone) return { value: null };
  if (!isManifest) return { value: Buffer.alloc(value, 1) };
  const upload = uploadOf(nowMs, 'abcdefghij');
  const sha256 = Buffer.alloc(32, value);
  return {
    value: encodeManifest({ size: value, partBytes: 100, sha256, upload }),
    isManifest: true,
  };
}

/** A write of another node, merged with what is held. */
function arrived(local: LocalRecord, from: string, epoch: number): LocalRecord {
  const dot = { actor: actorOf(from, epoch), counter: 1 };
  const times = { writtenAtMs: 0, expiresAtMs: 0, operation: '' };
  const sibling = { dot, value: Buffer.from('theirs'), ...times };
  const theirs: KeyState = { context: [dot], siblings: [sibling] };
  return heldOf({ bytes: encodeState(merge(local.state, theirs)), mark: local.mark });
}

describe('what is refused', () => {
  test('a value that makes the state larger than a message, with the bytes it would take', () => {
    const request = putRequest({ value: Buffer.alloc(limits.stateBytesMax) });
    const refusals = [absentRecord, withoutBytes(absentRecord)].map((local) =>
      minterOf().mint(request, local, bucket),
    );
    for (const refusal of refusals) expect(refusal).toMatchObject({ code: 413 });
    expect(refusals[0]).toEqual(refusals[1]);
  });

  test('an actor that has used up its counters mints no more: the next epoch does', () => {
    const clock = new ManualClock();
    const store = new MapStore(node, clock);
    const mark = store.drawEpoch();
    const dot = { actor: actorOf(node, mark), counter: limits.contextCounterMax };
    const state: KeyState = { context: [dot], siblings: [] };
    const minted = new Minter(store, clock, new LostNodes(clock)).mint(
      putRequest({}),
      heldOf({ bytes: encodeState(state), mark }),
      bucket,
    );
    expect(minted).toMatchObject({ mark: mark + 1 });
  });

  test('the same operation again, replaced or not: not a write of its own', () => {
    const minter = minterOf();
    const first = minter.mint(putRequest({ operation: 'one' }), absentRecord, bucket);
    if (first instanceof QuorateError) throw first;
    const held = heldOf({ bytes: bytesOf(first), mark: first.mark });
    const again = minter.mint(putRequest({ operation: 'one' }), held, bucket);
    expect(again).toMatchObject({ state: first.state });
    const second = minter.mint(putRequest({ operation: 'two' }), held, bucket);
    if (second instanceof QuorateError) throw second;
    const replaced = heldOf({ bytes: bytesOf(second), mark: second.mark });
    const late = minter.mint(putRequest({ operation: 'one' }), replaced, bucket);
    expect(late).toMatchObject({ state: second.state });
    expect(standing(second.state.siblings).map(({ operation }) => operation)).toEqual(['two']);
  });
});

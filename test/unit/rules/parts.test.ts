import { describe, expect, test } from '@jest/globals';
import { actorOf } from '../../../actors/rules/actor.js';
import { limits } from '../../../actors/rules/limits.js';
import { uploadOf } from '../../../actors/rules/part-names.js';
import { isLeaseOver, refersTo, uploadRefusal } from '../../../actors/rules/parts.js';
import type { KeyState, Sibling } from '../../../actors/rules/versions.js';
import { encodeManifest, uploadIn } from '../../../src/wire/manifest.js';

const hour = 60 * 60 * 1000;
const beganMs = 1_700_000_000_000;
const upload = uploadOf(beganMs, 'abcdefghij');
const other = uploadOf(beganMs + 1, 'abcdefghij');

function manifestOf(of: string): Buffer {
  return encodeManifest({ size: 9, partBytes: 4, sha256: Buffer.alloc(32), upload: of });
}

function stateOf(...siblings: Partial<Sibling>[]): KeyState {
  const usual = { value: null, writtenAtMs: 0, expiresAtMs: 0, operation: '' };
  const whole = siblings.map((sibling, i): Sibling => {
    const dot = { actor: actorOf('a'.repeat(16), 1), counter: i + 1 };
    return Object.assign({ dot, ...usual }, sibling);
  });
  return { context: [{ actor: actorOf('a'.repeat(16), 1), counter: 9 }], siblings: whole };
}

const at = (nowMs: number) => uploadRefusal(upload, { nowMs, leaseMs: hour });

describe('uploads', () => {
  test('are open from their begin until a margin before those who free them think them over', () => {
    expect(at(beganMs)).toBeUndefined();
    expect(at(beganMs + hour / 2)).toBeUndefined();
    let lastOpenMs = beganMs;
    while (at(lastOpenMs + 1_000) === undefined) lastOpenMs += 1_000;
    // A manifest that is begun at the last moment is done or given up by its deadline.
    const latestMs = lastOpenMs + limits.requestTimeoutMsMax + 2 * limits.wallSkewMsMax;
    expect(isLeaseOver(upload, { nowMs: latestMs - 1_000, leaseMs: hour })).toBe(false);
    expect(at(beganMs + hour)).toMatch(/over/);
  });

  test('may have begun at a node whose clock is ahead by as much as clocks differ, no more', () => {
    expect(at(beganMs - limits.wallSkewMsMax)).toBeUndefined();
    expect(at(beganMs - 3 * limits.wallSkewMsMax)).toMatch(/not begun/);
  });

  test('of a short lease are open for most of it', () => {
    const [early, late] = [700, 800].map((ms) =>
      uploadRefusal(upload, { nowMs: beganMs + ms, leaseMs: 1_000 }),
    );
    expect(early).toBeUndefined();
    expect(late).toMatch(/over/);
  });
});

describe('a key refers to an upload', () => {
  const grace = { nowMs: 10 * hour, graceMs: hour };
  const refers = (state: KeyState) => refersTo({ state, uploadOf: uploadIn }, upload, grace);
  const manifest = { value: manifestOf(upload), manifest: true } as const;

  test.each<[string, boolean, KeyState]>([
    ['by its value', true, stateOf(manifest)],
    ['by one of its siblings', true, stateOf({ value: Buffer.from('x') }, manifest)],
    ['not by another upload', false, stateOf({ ...manifest, value: manifestOf(other) })],
    ['not by bytes of a client that look like it', false, stateOf({ value: manifestOf(upload) })],
    ['not when it holds nothing', false, { context: [], siblings: [] }],
    ['not when it was deleted', false, stateOf({ value: null })],
    ['while it has not expired', true, stateOf({ ...manifest, expiresAtMs: 11 * hour })],
    ['for a grace period more', true, stateOf({ ...manifest, expiresAtMs: 9.5 * hour })],
    ['not when it expired long ago', false, stateOf({ ...manifest, expiresAtMs: 8 * hour })],
  ])('%s: %s', (_what, expected, state) => {
    expect(refers(state)).toBe(expected);
  });
});

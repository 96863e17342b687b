/** Who is asked and when, and whose word counts, in a small and in a large cluster. */
import { describe, expect, test } from '@jest/globals';
import { limits } from '../../actors/rules/limits.js';
import { gossipLimits } from '../../actors/rules/limits/gossip.js';
import { PeerWatch } from '../../src/membership/peer-watch.js';
import { ManualClock } from '../support/manual-clock.js';

const { reviewIntervalMs, probeMsMax, silenceMsMax } = limits;

function watchOf(count: number) {
  const clock = new ManualClock();
  const asked: string[] = [];
  const ids = Array.from({ length: count }, (_, i) => `${i}`.padStart(3, '0'));
  const watch = new PeerWatch({
    clock,
    hearing: {
      ask: () => undefined,
      isDeaf: () => false,
      lagMs: () => 0,
      read: () => false,
      timerRang: () => undefined,
    },
    lateWords: { areExpected: false },
    inspection: { attach: () => undefined, detach: () => undefined },
    isCutOff: () => false,
    probe: (peer) => asked.push(peer),
    onChange: () => undefined,
  });
  for (const id of ids) watch.watch(id);
  return {
    watch,
    ids,
    asked: () => asked.splice(0),
    /** With reviews, and those heard all the time. */
    pass: (ms: number, heard: readonly string[] = []): void => {
      for (let passed = 0; passed < ms; passed += reviewIntervalMs) {
        clock.advance(Math.min(reviewIntervalMs, ms - passed));
        for (const id of heard) watch.contact(id, 'heard');
        watch.review();
      }
    },
  };
}

describe('three members', () => {
  test("another's word counts for three beats, unless it is said again", () => {
    for (const isSaidAgain of [false, true]) {
      const { watch, pass } = watchOf(2);
      const testify = (): void => watch.testify('001', { peer: '000', opinion: 'silent' });
      testify();
      pass(gossipLimits.testimonyMsMax, ['000', '001']);
      if (isSaidAgain) testify();
      pass(silenceMsMax + reviewIntervalMs + probeMsMax, ['001']);
      expect(watch.reachability('000')).toBe(isSaidAgain ? 'down' : 'suspect');
    }
  });

  test('nobody is asked out of turn, whatever others say; hearsay is a sign of life', () => {
    const { watch, pass, asked } = watchOf(2);
    pass(1_000);
    for (const opinion of ['silent', 'absent', 'gone'] as const)
      watch.testify('001', { peer: '000', opinion });
    watch.told('000');
    expect([watch.isAsked('000'), asked()]).toEqual([false, []]);
    pass(1_000, ['001']);
    expect(asked()).toEqual([]);
    pass(1_000, ['001']);
    expect(asked()).toEqual(['000']);
  });

  test('whose word is not known is no witness', () => {
    const { watch, pass } = watchOf(2);
    watch.testify('zzz', { peer: '000', opinion: 'silent' });
    pass(3_000, ['001']);
    expect(watch.reachability('000')).toBe('suspect');
  });
});

describe('forty members', () => {
  test('whoever is not heard is asked in its turn and not before', () => {
    const { watch, pass, asked } = watchOf(39);
    pass(20_000, ['001']);
    expect(asked()).toEqual([]);
    expect([watch.isAsked('000'), watch.isAsked('001'), watch.isAsked('000')]).toEqual([
      true,
      false,
      false,
    ]);
    expect(asked()).toEqual(['000']);
    watch.told('000');
    pass(probeMsMax);
    expect([watch.opinion('000'), asked()]).toEqual(['heard', ['000']]);
    pass(2 * probeMsMax);
    expect([watch.opinion('000'), watch.reachability('000')]).toEqual(['silent', 'suspect']);
    watch.told('000');
    expect(watch.reachability('000')).toBe('suspect');
    watch.contact('000', 'heard');
    expect(watch.reachability('000')).toBe('alive');
  });

  test('whoever is doubted is asked at once, and two silences make it down', () => {
    const { watch, pass, asked } = watchOf(39);
    pass(2_000, ['002']);
    for (const peer of ['000', '002']) watch.testify('001', { peer, opinion: 'silent' });
    expect(asked()).toEqual(['000']);
    pass(probeMsMax, ['001', '002']);
    expect(watch.reachability('000')).toBe('down');
    expect(watch.reachability('002')).toBe('alive');
  });

  test("another's word that NATS knows nobody there is a reason to ask, and no source", () => {
    const { watch, pass, asked } = watchOf(39);
    pass(2_000);
    watch.testify('001', { peer: '000', opinion: 'absent' });
    expect(asked()).toEqual(['000']);
    pass(4 * probeMsMax);
    expect(watch.reachability('000')).toBe('suspect');
  });

  test("by NATS' own word it is absent at once, and gone when it is said for a beat and a half", () => {
    const { watch, pass } = watchOf(39);
    pass(60_000);
    watch.contact('000', 'noResponders');
    expect(watch.opinion('000')).toBe('absent');
    for (let ms = 0; ms < silenceMsMax; ms += reviewIntervalMs) {
      pass(reviewIntervalMs);
      watch.contact('000', 'noResponders');
      if (ms + reviewIntervalMs < silenceMsMax) expect(watch.opinion('000')).toBe('absent');
    }
    pass(reviewIntervalMs);
    expect(watch.opinion('000')).toBe('gone');
  });

  test('a node that does badly waits longer', () => {
    const { watch, pass } = watchOf(39);
    pass(2_000);
    watch.health.strike();
    watch.isAsked('000');
    pass(3 * probeMsMax);
    expect(watch.opinion('000')).toBe('heard');
    pass(probeMsMax);
    expect(watch.opinion('000')).toBe('silent');
  });

  test('however many are gone, each is asked for before the word on it is too old', () => {
    const { watch, ids, pass, asked } = watchOf(120);
    const gone = ids.slice(0, 100);
    for (const id of gone) watch.contact(id, 'noResponders');
    for (let i = 0; i < 40; i++) {
      pass(reviewIntervalMs);
      const now = asked();
      for (const id of now) watch.contact(id, 'noResponders');
      if (i > 8)
        expect(now.length).toBeLessThanOrEqual(Math.ceil(100 / gossipLimits.absenceReviewsMax));
      expect(gone.every((id) => watch.isAbsent(id))).toBe(true);
    }
  });
});

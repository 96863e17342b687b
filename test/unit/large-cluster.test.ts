/** More members than a beat tells of: how they find out who is not there any more. */
import { describe, expect, test } from '@jest/globals';
import { limits } from '../../actors/rules/limits.js';
import { gossipLimits } from '../../actors/rules/limits/gossip.js';
import { type NodeLife, settled } from '../support/member-world.js';

const count = gossipLimits.newsVitalsMax + 7;
const names = Array.from({ length: count }, (_, i) => `n${i}`);

function areAll(now: string, { lives, of }: { lives: readonly NodeLife[]; of: NodeLife }): boolean {
  return lives.every((life) => life === of || life.membership.view.reachability(of.id) === now);
}

function suspicions(lives: readonly NodeLife[]): string[] {
  return lives.flatMap(({ changes }) =>
    changes.map(({ what }) => what).filter((what) => / (?:suspect|down)$/.test(what)),
  );
}

describe(`${count} members`, () => {
  test('at rest: nobody is suspect, and bytes are bounded', async () => {
    const { world, lives } = await settled('large', names);
    await world.run(3_000);
    let bytes = 0;
    let longest = 0;
    world.nats.onPublish.push((_, { subject, payload }) => {
      if (!subject.endsWith('.gossip')) return;
      bytes += payload.length;
      longest = Math.max(longest, payload.length);
    });
    await world.run(20_000);
    expect(suspicions(lives)).toEqual([]);
    expect(longest).toBeLessThan(750);
    expect(bytes / 20 / count).toBeLessThan(6_000);
  });

  test('one is killed, and comes back: down everywhere within 4 s, alive within one', async () => {
    const { world, lives } = await settled('large, killed', names);
    const gone = lives[7]!;
    await world.run(3_000);
    world.kill(gone);
    await world.until(() => areAll('down', { lives, of: gone }), 4_000);
    expect(lives.every((life) => life === gone || life.membership.view.isAbsent(gone.id))).toBe(
      true,
    );
    await world.run(2_000);
    const back = world.start(gone.name);
    const others = lives.filter((life) => life !== gone);
    await world.until(() => areAll('alive', { lives: others, of: back }), 1_000);
  });

  test('one stands still: down everywhere within 6 s, by what nodes find themselves; alive at once when it goes on', async () => {
    const { world, lives } = await settled('large, hung', names);
    const hung = lives[11]!;
    await world.run(3_000);
    hung.process.paused = true;
    await world.until(() => areAll('down', { lives, of: hung }), 6_000);
    await world.run(2_000);
    world.scheduler.resume(hung.process);
    await world.until(() => areAll('alive', { lives, of: hung }), 3_000);
    await world.run(3_000);
    expect(suspicions([hung])).toEqual([]);
    expect(new Set(suspicions(lives))).toEqual(new Set(['n11 suspect', 'n11 down']));
  });

  test('one is asked by another that can not hear it: suspect there, alive for all others', async () => {
    const { world, lives } = await settled('large, cut', names);
    const [a, b] = lives as [NodeLife, NodeLife];
    await world.run(3_000);
    world.nats.cut({ from: world.busNameOf(b.name), to: world.busNameOf(a.name) }, 'silent');
    await world.until(() => a.membership.view.reachability(b.id) === 'suspect', 15_000);
    await world.run(10_000);
    expect(a.membership.view.reachability(b.id)).toBe('suspect');
    expect(suspicions(lives.filter((life) => life !== a))).toEqual([]);
    world.nats.healAll();
    await world.until(() => a.membership.view.reachability(b.id) === 'alive', 10_000);
  });

  test('some are gone: what they are asked for does not grow with their number', async () => {
    const { world, lives } = await settled('large, many gone', names);
    await world.run(3_000);
    for (const life of lives.slice(0, 10)) world.kill(life);
    const left = lives.slice(10);
    const areGone = (): boolean =>
      left.every(({ membership: { view } }) =>
        lives.slice(0, 10).every(({ id }) => view.isAbsent(id)),
      );
    await world.until(areGone, 6_000);
    let asked = 0;
    const gone = new Set(lives.slice(0, 10).map(({ id }) => `_kv.${id}.gossip`));
    world.nats.onPublish.push((_, { subject }) => void (asked += gone.has(subject) ? 1 : 0));
    for (let i = 0; i < 100; i++) {
      await world.run(100);
      expect(areGone()).toBe(true);
    }
    const aSecond = asked / 10 / left.length;
    expect(aSecond).toBeLessThan(
      (limits.gossipFanout * 1_000) / limits.reviewIntervalMs + limits.gossipFanout + 1,
    );
  });
});

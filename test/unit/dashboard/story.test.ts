import { describe, expect, test } from '@jest/globals';
import { createActor } from 'xstate';
import type { StoryFacts } from '../../../src/dashboard/page/views/story/facts.js';
import {
  carts,
  chapterNames,
  scenes,
  type Deeds,
} from '../../../src/dashboard/page/views/story/scenes.js';
import { sceneOf, storyMachine } from '../../../src/dashboard/page/views/story/story.machine.js';
import { chapterTitles, tellingOf } from '../../../src/dashboard/page/views/story/telling.js';
import { ManualClock } from '../../support/manual-clock.js';

/** Three nodes of which the first two are primaries: as much of them as the story can see. */
class SmallCluster implements Deeds {
  readonly did: string[] = [];
  refuses = false;
  private readonly values = new Map<string, readonly string[]>();
  private readonly down = new Set<string>();
  private hint: { holder: string; values: readonly string[] } | undefined;

  async put(value: string, context?: string): Promise<string> {
    if (this.refuses) throw new Error('no quorum');
    this.did.push(`put ${value}`);
    const before = this.values.get('a') ?? [];
    // A context names what was there when it was given.
    const kept = context === undefined ? [] : before.filter((one) => !context.includes(`<${one}>`));
    this.store([...kept, value]);
    return 'w=2/2 primaries=2 fallbacks=0 durability=sync';
  }

  async read(): Promise<string> {
    return (this.values.get('a') ?? []).map((value) => `<${value}>`).join('');
  }

  async kill(node: string): Promise<void> {
    this.did.push(`kill ${node}`);
    this.down.add(node);
  }

  async restart(node: string): Promise<void> {
    this.did.push(`start ${node}`);
    this.down.delete(node);
    if (node === 'b' || this.hint === undefined) this.values.set('b', this.values.get('a') ?? []);
    if (this.hint !== undefined && !this.down.has(this.hint.holder)) this.hint = undefined;
  }

  facts(): StoryFacts {
    const { hint, down } = this;
    return {
      nodes: ['a', 'b', 'c'].map((id) => ({
        id,
        name: id.toUpperCase(),
        isDown: down.has(id),
        values: down.has(id) ? undefined : (this.values.get(id) ?? []),
      })),
      primaries: ['a', 'b'],
      hints:
        hint === undefined || down.has(hint.holder)
          ? []
          : [{ holder: hint.holder, target: 'b', count: 1 }],
    };
  }

  private store(values: readonly string[]): void {
    this.values.set('a', values);
    if (!this.down.has('b')) this.values.set('b', values);
    else this.hint = { holder: 'c', values };
  }
}

function begun(cluster = new SmallCluster()) {
  const clock = new ManualClock();
  const actor = createActor(storyMachine, { clock, input: { deeds: cluster } }).start();
  const look = (): void => actor.send({ type: 'facts.came', facts: cluster.facts() });
  const done = async (): Promise<void> => {
    actor.send({ type: 'scene.wanted' });
    await settled();
  };
  /** Its scene is done and seen. */
  const go = async (): Promise<void> => {
    await done();
    look();
    expect(actor.getSnapshot().value).toBe('seen');
    actor.send({ type: 'next.wanted' });
  };
  const scene = (): string => sceneOf(actor.getSnapshot().context).name;
  return { actor, clock, cluster, look, done, go, scene };
}

/** What was promised has happened, and what followed from it. */
async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

async function at(name: string) {
  const story = begun();
  story.look();
  while (story.scene() !== name) await story.go();
  return story;
}

describe('the story', () => {
  test('goes from the first put to the tree exchange', async () => {
    const { actor, cluster, look, done, scene } = await at('miss');
    await done();
    // Its scenes follow each other as each is seen.
    for (const next of ['lose', 'compare', 'mend']) {
      look();
      await settled();
      expect(scene()).toBe(next);
    }
    look();
    expect(actor.getSnapshot().value).toBe('seen');
    actor.send({ type: 'next.wanted' });
    expect(actor.getSnapshot().value).toBe('told');
    expect(cluster.did).toEqual([
      `put ${carts.first}`,
      'kill b',
      `put ${carts.second}`,
      'start b',
      `put ${carts.ofOne}`,
      `put ${carts.ofOther}`,
      `put ${carts.merged}`,
      'kill b',
      `put ${carts.last}`,
      'kill c',
      'start b',
      'start c',
    ]);
  });

  test('takes nothing for seen because it was asked for', async () => {
    const { actor, look, done } = await at('put');
    await done();
    expect(actor.getSnapshot().value).toEqual({ awaited: 'expected' });
    look();
    expect(actor.getSnapshot().value).toBe('seen');
  });

  test('does nothing before it has seen the cluster', async () => {
    const { actor, cluster, done } = begun();
    await done();
    expect(actor.getSnapshot().value).toBe('offered');
    expect(cluster.did).toEqual([]);
  });

  test('says when something takes too long, and goes on all the same', async () => {
    const { actor, clock, look, done } = await at('put');
    await done();
    clock.fireNext();
    expect(actor.getSnapshot().value).toEqual({ awaited: 'late' });
    look();
    expect(actor.getSnapshot().value).toBe('seen');
  });

  test('says why something was refused, and tries again', async () => {
    const { actor, cluster, look, done } = await at('standIn');
    cluster.refuses = true;
    await done();
    expect(actor.getSnapshot().value).toBe('refused');
    expect(actor.getSnapshot().context.failure).toBe('no quorum');
    cluster.refuses = false;
    await done();
    look();
    expect(actor.getSnapshot().value).toBe('seen');
    expect(actor.getSnapshot().context.failure).toBeUndefined();
  });

  test('goes on when who watches kills a primary himself, whichever it is', async () => {
    const { actor, cluster, look } = await at('kill');
    await cluster.kill('c');
    look();
    expect(actor.getSnapshot().value).toBe('offered');
    await cluster.kill('a');
    look();
    expect(actor.getSnapshot().value).toBe('seen');
    expect(actor.getSnapshot().context.cast.victim).toBe('a');
  });

  test('begins again wherever it is', async () => {
    const { actor, scene } = await at('part');
    actor.send({ type: 'beginning.wanted' });
    expect([actor.getSnapshot().value, scene()]).toEqual(['offered', 'put']);
    expect(actor.getSnapshot().context.cast).toEqual({});
  });
});

const seen = (name: string, facts: StoryFacts): boolean =>
  scenes.find((scene) => scene.name === name)!.isSeen(facts, { victim: 'b', holder: 'c' });

describe('what is seen', () => {
  test('a value that one living primary lacks is not there yet', async () => {
    const cluster = new SmallCluster();
    await cluster.put(carts.first);
    const facts = cluster.facts();
    expect(seen('put', facts)).toBe(true);
    const lacks = facts.nodes.map((node) => (node.id === 'b' ? { ...node, values: [] } : node));
    expect(seen('put', { ...facts, nodes: lacks })).toBe(false);
    const silent = facts.nodes.map(({ id, name }) => ({
      id,
      name,
      isDown: false,
      values: undefined,
    }));
    expect(seen('put', { ...facts, nodes: silent })).toBe(false);
  });

  test('who stood in must owe a hint, and who returned must be owed none', async () => {
    const cluster = new SmallCluster();
    await cluster.kill('b');
    await cluster.put(carts.second);
    const facts = cluster.facts();
    expect(seen('standIn', facts)).toBe(true);
    expect(seen('standIn', { ...facts, hints: [] })).toBe(false);
    await cluster.restart('b');
    const back = cluster.facts();
    expect(seen('return', back)).toBe(true);
    expect(seen('return', { ...back, hints: facts.hints })).toBe(false);
  });

  test('the tree exchange is seen only while nobody else could have told', async () => {
    const cluster = new SmallCluster();
    await cluster.put(carts.last);
    expect(seen('compare', cluster.facts())).toBe(false);
    await cluster.kill('c');
    expect(seen('compare', cluster.facts())).toBe(true);
  });
});

test('every scene has its words, every chapter a title and scenes side by side', () => {
  const facts = new SmallCluster().facts();
  for (const { name } of scenes) {
    const words = Object.values(tellingOf(name, facts, { victim: 'b', holder: 'c' }));
    expect(words).toHaveLength(4);
    for (const word of words) expect(word).toMatch(/^\S.*\S$/);
  }
  const chapters = scenes.map(({ chapter }) => chapter);
  expect(chapters.filter((chapter, i) => chapter !== chapters[i - 1])).toEqual([...chapterNames]);
  expect(Object.keys(chapterTitles)).toEqual([...chapterNames]);
});

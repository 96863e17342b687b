import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { Changes } from './changes/changes.js';
import type { Answer } from './changes/operator.js';
import type { RingSeen } from './changes/ring-seen.js';
import type { SoakCluster } from './cluster.js';

/** Polls that a move lasts. */
const moveLasts = 4;

/** A cluster in words: who is a member, what moves, who runs. */
class World {
  /** Id → name. */
  members = new Map<string, string>(['n1', 'n2', 'n3'].map((name) => [`id of ${name}`, name]));
  readonly running = new Set(['n1', 'n2', 'n3']);
  readonly said: string[] = [];
  readonly lostMs: number[] = [];
  /** What commands are refused with, each once. */
  refusals: string[] = [];
  isDeaf = false;
  private next: Map<string, string> | undefined;
  private polls = 0;
  private number = 1;
  private epoch = 1;
  private readonly waiting: string[] = [];
  private readonly leaving = new Set<string>();
  private readonly stopping = new AbortController();
  readonly changes = new Changes({
    cluster: {
      come: (node: string, join: string) => {
        this.running.add(node);
        if (join === 'auto') this.waiting.push(node);
      },
      mayLeave: (node: string) => void this.leaving.add(node),
      mustStay: (node: string) => {
        this.leaving.delete(node);
        this.said.push(`${node} stays`);
      },
      hasLeft: (node: string) => !this.running.has(node),
      lose: (node: string, { withDisk }: { withDisk: boolean }) => {
        this.running.delete(node);
        this.said.push(`${node} is lost${withDisk ? ' with its disk' : ''}`);
        this.lostMs.push(performance.now());
        return Promise.resolve();
      },
    } as unknown as SoakCluster,
    operator: {
      run: (...words) => Promise.resolve(this.obey(words)),
      plan: (...words) => Promise.resolve(this.obey(['plan', ...words])),
    },
    ring: () => Promise.resolve(this.ring()),
    away: (node) => {
      this.said.push(`${node} is away`);
      return () => void this.said.push(`${node} is back`);
    },
    say: () => undefined,
    signal: this.stopping.signal,
    betweenLossesMs: 60,
    pollMs: 1,
  });

  async play(...lines: string[]): Promise<string[]> {
    for (const line of lines) this.changes.ask(line.split(' '));
    await this.changes.over();
    return this.changes.records.map(({ words, outcome }) => `${words.join(' ')}: ${outcome}`);
  }

  stop(): void {
    this.stopping.abort();
  }

  private ring(): RingSeen | undefined {
    if (this.isDeaf) return undefined;
    const before = this.seen();
    if (this.next === undefined && this.waiting.length > 0) {
      const comers = this.waiting.splice(0).map((name) => [`id of ${name}`, name] as const);
      this.begin(new Map([...this.members, ...comers]));
    } else if (this.next !== undefined && ++this.polls === moveLasts) this.end(this.next);
    // Every other answer is of somebody who has not heard of it.
    return ++this.asked % 2 === 0 ? before : this.seen();
  }

  private asked = 0;

  private seen(): RingSeen {
    const holders = Array.from(this.members, ([id, name]) => ({ id, name }));
    return { epoch: this.epoch, isMoving: this.next !== undefined, holders };
  }

  private begin(next: Map<string, string>): Answer {
    if (this.next !== undefined) return { isDone: false, text: 'a move is under way' };
    this.next = next;
    this.polls = 0;
    this.epoch = ++this.number;
    return { isDone: true, text: `{"number": ${this.number}}` };
  }

  private end(members: Map<string, string>): void {
    const names = new Set(members.values());
    for (const node of this.leaving) if (!names.has(node)) this.running.delete(node);
    this.members = members;
    this.next = undefined;
    this.epoch = ++this.number;
  }

  private obey(words: readonly string[]): Answer {
    this.said.push(words.slice(0, 3).join(' '));
    const refusal = this.refusals.shift();
    if (refusal !== undefined) return { isDone: false, text: `error: ${refusal}` };
    const [verb, node = '', by = ''] = words;
    if (verb === 'ring') {
      if (this.next === undefined) return { isDone: false, text: 'nothing is moving' };
      this.end(this.members);
      return { isDone: true, text: `{"number": ${this.number}}` };
    }
    const rest = new Map([...this.members].filter(([, name]) => name !== node));
    if (verb === 'replace') rest.set(`new id of ${by}`, by);
    return this.begin(rest);
  }
}

let world: World;
afterEach(() => world.stop());

test('one comes after the other, however fast they are asked for, and each is asked for until it is taken', async () => {
  world = new World();
  world.refusals = ['no majority', 'no answer'];
  const ended = await world.play(
    'join n4',
    'leave n3',
    'weight n1 2',
    'wipe n2',
    'replace n2 n2',
    'wipe n1',
    'replace n1 n5',
    'remove n4',
  );
  expect(ended).toEqual([
    'join n4: done',
    'leave n3: done',
    'weight n1 2: done',
    'replace n2 n2: done',
    'replace n1 n5: done',
    'remove n4: done',
  ]);
  expect([...world.members]).toEqual([
    ['new id of n2', 'n2'],
    ['new id of n5', 'n5'],
  ]);
  expect([...world.running].sort()).toEqual(['n2', 'n5']);
  const [join, leave, weight] = world.changes.records;
  expect(join).toMatchObject({ asked: 0 });
  expect(leave).toMatchObject({ asked: 3, refusal: 'error: no answer' });
  expect(weight!.askedMs).toBeGreaterThanOrEqual(leave!.endedMs!);
  for (const { askedMs, chosenMs, endedMs } of world.changes.records) {
    expect(chosenMs).toBeGreaterThanOrEqual(askedMs);
    expect(endedMs).toBeGreaterThanOrEqual(chosenMs!);
  }
});

test('who is lost is away until another is in its stead, and no two are lost at once', async () => {
  world = new World();
  await world.play('wipe n2', 'replace n2 n2', 'remove n3');
  expect(world.said).toEqual([
    'n2 is away',
    'n2 is lost with its disk',
    'replace n2 n2',
    'n2 is back',
    'n3 is away',
    'n3 is lost',
    'remove n3 --yes',
    'n3 is back',
  ]);
  expect(world.lostMs[1]! - world.lostMs[0]!).toBeGreaterThanOrEqual(60);
});

test('what is cancelled is not so in the end, and who was to come ends', async () => {
  world = new World();
  const ended = await world.play(
    'leave n2',
    'cancel',
    'join n4',
    'cancel',
    'weight n1 3',
    'cancel',
  );
  expect(ended).toEqual(['leave n2: cancelled', 'join n4: cancelled', 'weight n1 3: cancelled']);
  expect([...world.members.values()]).toEqual(['n1', 'n2', 'n3']);
  expect([...world.running].sort()).toEqual(['n1', 'n2', 'n3']);
  expect(world.said).toContain('n2 stays');
});

test('what can not be cancelled any more is done', async () => {
  world = new World();
  world.refusals = Array.from({ length: 1 + moveLasts }, () => 'not now');
  expect(await world.play('join n4', 'cancel')).toEqual(['join n4: done']);
  expect(world.said).toContain('n4 stays');
});

test('one that the cluster never takes is unfinished, with what it said last', async () => {
  world = new World();
  world.refusals = Array.from({ length: 10_000 }, (_, i) => `not now ${i}`);
  const playing = world.play('leave n2');
  while (world.said.length < 3) await sleep(1);
  world.stop();
  expect(await playing).toEqual(['leave n2: unfinished']);
  expect(world.changes.records[0]).toMatchObject({ refusal: /^error: not now/ });
});

test('where nobody answers nothing is taken for over', async () => {
  world = new World();
  world.isDeaf = true;
  const playing = world.play('join n4');
  await sleep(20);
  world.isDeaf = false;
  expect(await playing).toEqual(['join n4: done']);
});

test('what is no change is said to be none', () => {
  world = new World();
  expect(() => world.changes.ask(['kill', 'n1'])).toThrow(SyntaxError);
});

/** What `quorate ring` tells of a move. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import {
  MovePace,
  MovePaces,
  moveProgressOf,
  type MoveProgress,
  paced,
  restOf,
} from '../../../src/wire/move-progress.js';
import { watchMove, type MoveWatcher } from '../../../src/cli/move-watch.js';
import { moveLine, moveText, restText, ringText, waitingText } from '../../../src/cli/ring-text.js';
import { ringMessageOf, type RingMessage, type RingNode } from '../../../src/wire/ring-message.js';
import { ManualClock } from '../../support/manual-clock.js';
import { MemoryNetwork } from '../../support/memory-bus.js';

const ids = ['1', '2', '3', '4'].map((digit) => digit.repeat(16));
const partitions = 8;

interface Told {
  readonly epoch?: number;
  /** Undefined: nothing moves. */
  readonly moved?: readonly number[];
  /** N of a bucket of its own. */
  readonly n?: number;
  /** Of n4. */
  readonly more?: Partial<RingNode>;
}

/** Nodes 1, 2, 3 hold all; half of the partitions go on to 2, 3, 4. */
function ringOf({ epoch = 4, moved, n, more }: Told = {}): RingMessage {
  const from = ids.slice(0, 3);
  const to = ids.slice(1);
  return ringMessageOf({
    epoch,
    cluster: 77,
    partitions,
    nodes: ids.map((id, i) => {
      const name = `n${i + 1}`;
      const node = { id, name, host: `h${i + 1}`, zone: '', weight: i + 1 };
      return { ...node, reachability: 'alive' as const, ...(i === 3 && more) };
    }),
    n: 3,
    r: 2,
    buckets: n === undefined ? [] : [['own', n, 1]],
    layout: {
      preferenceList: () => from,
      ...(moved !== undefined && {
        next: {
          preferenceList: (partition) => (partition % 2 === 0 ? to : from.toReversed()),
          hasMoved: (partition) => moved.includes(partition),
        },
      }),
    },
  });
}

const progressWith = (moved: readonly number[], n?: number): MoveProgress =>
  moveProgressOf(ringOf(n === undefined ? { moved } : { moved, n }))!;

describe('progress', () => {
  test('none while nothing moves', () => {
    expect(moveProgressOf(ringOf())).toBeUndefined();
  });

  test('partitions whose owners change, in all and by who gets and gives them', () => {
    const { layout, done, total, nodes } = progressWith([0, 1, 2]);
    expect([layout, done, total]).toEqual([4, 2, 4]);
    const none = { done: 0, total: 0 };
    const half = { done: 2, total: 4 };
    expect(nodes.map(({ name, incoming, outgoing }) => [name, incoming, outgoing])).toEqual([
      ['n1', none, half],
      ['n2', none, none],
      ['n3', none, none],
      ['n4', half, none],
    ]);
  });

  test('a bucket with an N of its own may move where others do not', () => {
    const { done, total, nodes } = progressWith([0, 1], 1);
    expect([done, total]).toEqual([2, 8]);
    expect(nodes.map(({ incoming, outgoing }) => [incoming.total, outgoing.total])).toEqual([
      [0, 8],
      [4, 0],
      [4, 0],
      [4, 0],
    ]);
  });
});

describe('pace', () => {
  test('by the last answers; unknown until something moves', () => {
    const pace = new MovePace();
    expect(pace.perSecond).toBe(0);
    pace.note(0, { done: 10, total: 100 });
    pace.note(1_000, { done: 10, total: 100 });
    expect(pace.secondsLeft({ done: 10, total: 100 })).toBeUndefined();
    pace.note(5_000, { done: 20, total: 100 });
    expect(pace.perSecond).toBe(2);
    expect(pace.secondsLeft({ done: 20, total: 100 })).toBe(40);
    for (let at = 6; at <= 40; at++) pace.note(at * 1_000, { done: at, total: 100 });
    expect(pace.perSecond).toBe(1);
  });

  test('of a move that goes back: none', () => {
    const pace = new MovePace();
    pace.note(0, { done: 10, total: 100 });
    pace.note(1_000, { done: 5, total: 100 });
    expect(pace.perSecond).toBe(0);
  });
});

describe('text', () => {
  test('at rest: the layout, and of how many partitions each is a reader', () => {
    expect(
      ringText(ringOf())
        .split('\n')
        .map((line) => line.replaceAll(/ +/g, ' ')),
    ).toEqual([
      '8 partitions, N=3, layout 4',
      'NAME HOST ZONE WEIGHT STATUS PARTITIONS FIRST OF ID',
      `n1 h1 1 alive 8 8 ${ids[0]}`,
      `n2 h2 2 alive 8 0 ${ids[1]}`,
      `n3 h3 3 alive 8 0 ${ids[2]}`,
      `n4 h4 4 alive 0 0 ${ids[3]}`,
    ]);
  });

  test('while partitions move: what comes and goes; those that have moved count for the new owners', () => {
    const text = ringText(ringOf({ moved: [0] }));
    expect(text.split('\n').map((line) => line.replaceAll(/ +/g, ' '))).toEqual([
      '8 partitions, N=3, layout 4',
      '1 of 4 partitions that move have moved',
      'NAME HOST ZONE WEIGHT STATUS PARTITIONS FIRST OF INCOMING OUTGOING ID',
      `n1 h1 1 alive 7 7 - 1/4 ${ids[0]}`,
      `n2 h2 2 alive 8 1 - - ${ids[1]}`,
      `n3 h3 3 alive 8 0 - - ${ids[2]}`,
      `n4 h4 4 alive 1 0 1/4 - ${ids[3]}`,
    ]);
  });

  test('a bar for all, one for each node that gets some, each with its rate and the time left', () => {
    const paces = new MovePaces();
    const progress = progressWith([0, 2]);
    expect(moveLine(progress, paces)).toBe(
      'layout 4: 2 of 4 partitions that move have moved, time left unknown; n4 2/4, time left unknown',
    );
    paces.note(0, progressWith([]));
    paces.note(20_000, progress);
    expect(moveText(progress, paces).split('\n')).toEqual([
      'layout 4: 2 of 4 partitions that move have moved',
      '[################----------------] 50 %, 0.1/s, about 20 s left',
      'TO                      MOVED  RATE   LEFT',
      'n4  [########--------]  2/4    0.1/s  20 s',
    ]);
    expect(moveLine(progress, paces)).toMatch(/; n4 2\/4, 0\.1\/s, about 20 s left$/);
    paces.note(40_000_000, progress);
    expect(moveText(progress, paces)).toContain('about 12 h left');
    expect(moveText(progressWith([0, 2, 4, 6]), paces)).toMatch(/4\/4 +- +done$/);
  });

  test('each node has a pace of its own', () => {
    const paces = new MovePaces();
    paces.note(0, both(0, 0));
    paces.note(10_000, both(40, 10));
    const { perSecond, secondsLeft, nodes } = paced(both(40, 10), paces);
    expect([perSecond, secondsLeft]).toEqual([5, 30]);
    expect(nodes.map((node) => [node.perSecond, node.secondsLeft])).toEqual([
      [4, 15],
      [1, 90],
    ]);
  });

  test('of many nodes a line tells some, and how many more there are', () => {
    const none = { done: 0, total: 0 };
    const nodes = Array.from({ length: 11 }, (_, i) => {
      const incoming = { done: 0, total: 5 };
      return { id: String(i).padStart(16, '0'), name: `n${i}`, incoming, outgoing: none };
    });
    const line = moveLine({ layout: 1, done: 0, total: 55, nodes }, new MovePaces());
    expect(line).toMatch(/; n7 0\/5, time left unknown; and 3 more$/);
  });

  test('a change by which nothing moves says that, and no time left', () => {
    const [progress, paces] = [restOf(ringOf()), new MovePaces()];
    expect(moveLine(progress, paces)).toBe('layout 4: nothing has to move');
    expect(moveText(progress, paces)).toBe('layout 4: nothing has to move');
    expect(paced(progress, paces)).toEqual({
      layout: 4,
      done: 0,
      total: 0,
      perSecond: 0,
      secondsLeft: 0,
      nodes: ids.map((id, i) => {
        const none = { done: 0, total: 0 };
        const shares = { incoming: none, outgoing: none };
        return { id, name: `n${i + 1}`, ...shares, perSecond: 0, secondsLeft: 0 };
      }),
    });
  });

  test('a move is over, and who leaves is there yet: that it ends by itself', () => {
    const told = (more: Partial<RingNode>): string[] =>
      restText(ringOf({ more }), true).split('\n').slice(0, 2);
    expect(told({ leaving: true })).toEqual([
      'the move is over',
      expect.stringMatching(/^n4 still leaves, and ends by itself soon: /),
    ]);
    expect(told({ waits: 'auto' })[1]).toMatch(/^n4 waits to be taken in still: /);
    for (const more of [{}, { leaving: true, reachability: 'down' }] as const)
      expect(told(more)[1]).toMatch(/^8 partitions/);
    expect(restText(ringOf(), false)).toMatch(/^nothing moves\n8 partitions/);
  });

  test('who leaves and who waits is told apart, and by its weight', () => {
    const row = (more: Partial<RingNode>): string =>
      ringText(ringOf({ more })).split('\n').at(-1)!.replaceAll(/ +/g, ' ');
    expect(row({ leaving: true, weight: 7 })).toBe(`n4 h4 7 leaving 0 0 ${ids[3]}`);
    expect(row({ leaving: true, reachability: 'down' })).toContain(' leaving, down ');
    expect(row({ waits: 'ask' })).toContain(' waiting ');
    expect(row({ removed: true, leaving: true })).toContain(' removed ');
    expect(waitingText(ringOf().nodes.slice(2))).toBe('n3, n4 wait to be taken in');
  });
});

/** Of two nodes that get 100 each. */
function both(done: number, other: number): MoveProgress {
  const none = { done: 0, total: 0 };
  const nodes = [done, other].map((moved, i) => {
    const incoming = { done: moved, total: 100 };
    return { id: ids[i]!, name: `n${i + 1}`, incoming, outgoing: none };
  });
  return { layout: 4, done: done + other, total: 200, nodes };
}

/** What is seen of these answers, one a second; undefined: nobody answers. */
async function watched(
  answers: readonly (RingMessage | undefined)[],
  layout = 0,
  restsMin = 1,
  waitsMax = 0,
): Promise<string[]> {
  const network = new MemoryNetwork();
  const clock = new ManualClock();
  const node = network.connect();
  let asked = 0;
  node.subscribe('kv.ring', ({ reply }) => {
    const ring = answers[Math.min(asked++, answers.length - 1)];
    if (ring !== undefined) node.publish(reply, Buffer.from(JSON.stringify(ring)));
  });
  const seen: string[] = [];
  const progress = { isOver: false };
  const question = { bus: network.connect(), clock, prefix: 'kv', waitMs: 400 };
  const watcher: MoveWatcher = {
    moving: ({ layout, done, total }, { whole: pace }) =>
      seen.push(`${layout}: ${done}/${total} ${pace.perSecond > 0 ? 'goes on' : ''}`.trim()),
    waiting: (nodes) => seen.push(waitingText(nodes)),
    resting: ({ epoch }, sawMove) => seen.push(`${epoch} rests ${sawMove}`),
  };
  const watching = watchMove(question, watcher, { layout, restsMin, waitsMax }).then(
    () => (progress.isOver = true),
    (error: Error) => {
      progress.isOver = true;
      seen.push(error.message);
    },
  );
  while (!progress.isOver) {
    await nextTurn();
    network.settle();
    await nextTurn();
    clock.advance(100);
  }
  await watching;
  return seen;
}

describe('watching', () => {
  test('until the move is over', async () => {
    const rings = [ringOf({ moved: [] }), ringOf({ moved: [0] }), ringOf({ epoch: 6 })];
    expect(await watched(rings)).toEqual(['4: 0/4', '4: 1/4 goes on', '6 rests true']);
  });

  test('where nothing moves it ends at once', async () => {
    expect(await watched([ringOf()])).toEqual(['4 rests false']);
  });

  test('where nothing moves yet it goes on for a while: one that comes has still to be taken in', async () => {
    const still = [ringOf({ epoch: 3 }), ringOf({ epoch: 3 })];
    const rings = [...still, ringOf({ moved: [] }), ringOf({ epoch: 6 })];
    expect(await watched(rings, 0, 3)).toEqual(['4: 0/4', '6 rests true']);
    expect(await watched(rings, 0, 2)).toEqual(['3 rests false']);
  });

  test('whoever waits to be taken in by itself is waited for, before a move and after it, not for ever', async () => {
    const waits = ringOf({ epoch: 3, more: { waits: 'auto' } });
    const text = 'n4 waits to be taken in';
    const rings = [waits, waits, waits, ringOf({ moved: [] }), ringOf({ epoch: 6 })];
    const taken = [text, text, text, '4: 0/4', '6 rests true'];
    expect(await watched(rings, 0, 2, 5)).toEqual(taken);
    const another = ringOf({ epoch: 6, more: { waits: 'auto' } });
    const rest = ringOf({ epoch: 8 });
    expect(await watched([ringOf({ moved: [] }), another, rest], 0, 2, 5)).toEqual([
      '4: 0/4',
      text,
      '8 rests true',
    ]);
    expect(await watched([waits], 0, 2, 3)).toEqual([text, text, text, '3 rests false']);
  });

  test('who waits for an operator, or is gone, is not waited for', async () => {
    for (const more of [
      { waits: 'ask' },
      { waits: 'auto', reachability: 'down' },
      { leaving: true },
    ] as const)
      expect(await watched([ringOf({ epoch: 3, more })], 0, 2, 9)).toEqual(['3 rests false']);
  });

  test('a node that has not heard of the move does not end it', async () => {
    const rings = [ringOf({ moved: [0] }), ringOf({ epoch: 3 }), ringOf({ epoch: 6 })];
    expect(await watched(rings)).toEqual(['4: 1/4', '6 rests true']);
  });

  test('a move that has just begun is waited for, where there is one', async () => {
    const rings = [ringOf({ epoch: 3 }), ringOf({ moved: [] }), ringOf({ epoch: 6 })];
    expect(await watched(rings, 4)).toEqual(['4: 0/4', '6 rests true']);
    expect(await watched([ringOf({ epoch: 3 })], 4)).toEqual(['3 rests false']);
  });

  test('questions without an answer are asked again, but not for ever', async () => {
    const some = [ringOf({ moved: [] }), ...Array.from({ length: 6 }, () => undefined)];
    expect(await watched([...some, ringOf({ epoch: 6 })])).toEqual(['4: 0/4', '6 rests true']);
    expect(await watched([undefined])).toEqual(['no node answers on kv.ring']);
  });
});

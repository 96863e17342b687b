/** What `quorate ring` tells of a move. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { MovePace, moveProgressOf, type MoveProgress } from '../../../src/cli/move-progress.js';
import { watchMove, type MoveWatcher } from '../../../src/cli/move-watch.js';
import { moveLine, moveText, ringText } from '../../../src/cli/ring-text.js';
import { ringMessageOf, type RingMessage } from '../../../src/wire/ring-message.js';
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
}

/** Nodes 1, 2, 3 hold all; half of the partitions go on to 2, 3, 4. */
function ringOf({ epoch = 4, moved, n }: Told = {}): RingMessage {
  const from = ids.slice(0, 3);
  const to = ids.slice(1);
  return ringMessageOf({
    epoch,
    cluster: 77,
    partitions,
    nodes: ids.map((id, i) => {
      const name = `n${i + 1}`;
      return { id, name, host: `h${i + 1}`, zone: '', reachability: 'alive' as const };
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
      'NAME HOST ZONE STATUS PARTITIONS FIRST OF ID',
      `n1 h1 alive 8 8 ${ids[0]}`,
      `n2 h2 alive 8 0 ${ids[1]}`,
      `n3 h3 alive 8 0 ${ids[2]}`,
      `n4 h4 alive 0 0 ${ids[3]}`,
    ]);
  });

  test('while partitions move: what comes and goes; those that have moved count for the new owners', () => {
    const text = ringText(ringOf({ moved: [0] }));
    expect(text.split('\n').map((line) => line.replaceAll(/ +/g, ' '))).toEqual([
      '8 partitions, N=3, layout 4',
      '1 of 4 partitions that move have moved',
      'NAME HOST ZONE STATUS PARTITIONS FIRST OF INCOMING OUTGOING ID',
      `n1 h1 alive 7 7 - 1/4 ${ids[0]}`,
      `n2 h2 alive 8 1 - - ${ids[1]}`,
      `n3 h3 alive 8 0 - - ${ids[2]}`,
      `n4 h4 alive 1 0 1/4 - ${ids[3]}`,
    ]);
  });

  test('a bar for all, one for each node that gets some, and the time left', () => {
    const pace = new MovePace();
    const progress = progressWith([0, 2]);
    expect(moveLine(progress, pace)).toBe(
      'layout 4: 2 of 4 partitions that move have moved, time left unknown',
    );
    pace.note(0, progressWith([]));
    pace.note(20_000, progress);
    expect(moveText(progress, pace).split('\n')).toEqual([
      'layout 4: 2 of 4 partitions that move have moved',
      '[################----------------] 50 %, 0.1/s, about 20 s left',
      'TO                      MOVED',
      'n4  [########--------]  2/4',
    ]);
    pace.note(40_000_000, progress);
    expect(moveText(progress, pace)).toContain('about 12 h left');
  });
});

/** What is seen of these answers, one a second; undefined: nobody answers. */
async function watched(
  answers: readonly (RingMessage | undefined)[],
  layout = 0,
  restsMin = 1,
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
    moving: ({ layout, done, total }, pace) =>
      seen.push(`${layout}: ${done}/${total} ${pace.perSecond > 0 ? 'goes on' : ''}`.trim()),
    resting: ({ epoch }, sawMove) => seen.push(`${epoch} rests ${sawMove}`),
  };
  const watching = watchMove(question, watcher, { layout, restsMin }).then(
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

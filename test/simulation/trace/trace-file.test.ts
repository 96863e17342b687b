/** A run as a trace file: it says what happened, and the run is the one that is not watched. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { readTraceFile } from '../../../src/insight/note-reader.js';
import type { MessageNote, Note, TraceFile } from '../../../src/insight/notes.js';
import {
  chartsOf,
  filmOf,
  journeysBetween,
  lifeAt,
  markFrom,
} from '../../../src/dashboard/page/views/replay/film.js';
import { namesOf } from '../../../src/dashboard/page/parts/names.js';
import { noteText } from '../../../src/dashboard/page/parts/note-text.js';
import type { SimCluster } from '../cluster/sim-cluster.js';
import { parseScenario, runScenario } from '../scenario/scenario.js';
import type { NoteBook } from './note-book.js';
import { watchRun } from './watch-run.js';

const story = `# A primary is killed, a fallback stands in
cluster nodes=4 n=3 r=2 w=2 mapping=off seed=trace
place b/k
put c1 b/k one w=3 via=p1 => done primaries=3 fallbacks=0
kill p3 for=2s
put c1 b/k two w=3 via=p1 => done primaries=2 fallbacks=1
wait-until serving
wait-until hints
get c1 b/k r=2 via=p1 => found two
`;

const brokenUs = 3_500_000;

interface Run {
  readonly text: string;
  readonly digest: string;
}

async function run(isWatched: boolean): Promise<Run> {
  let cluster: SimCluster | undefined;
  let book: NoteBook | undefined;
  const onCluster = (made: SimCluster): void => {
    cluster = made;
    if (isWatched) book = watchRun(made);
  };
  const problem = await runScenario(parseScenario(story), {}, { onCluster });
  expect(problem).toBeUndefined();
  return { text: book?.text('a story') ?? '', digest: cluster!.trace.digest() };
}

let watched: Run;
let file: TraceFile;

beforeAll(async () => {
  watched = await run(true);
  file = readTraceFile(watched.text);
});

function of<K extends Note['kind']>(kind: K): Extract<Note, { kind: K }>[] {
  return file.notes.filter((note): note is Extract<Note, { kind: K }> => note.kind === kind);
}

const idOf = (name: string): string => file.head.nodes.find((node) => node.name === name)!.id;

describe('a trace file of the simulator', () => {
  test('the same run gives the same bytes, and nobody who is not watched notices', async () => {
    const again = await run(true);
    expect(again.text === watched.text).toBe(true);
    expect(await run(false)).toEqual({ text: '', digest: watched.digest });
  });

  test('names its nodes and speaks of nobody else but clients', () => {
    const { nodes } = file.head;
    expect(nodes.map(({ name }) => name).sort()).toEqual(['n1', 'n2', 'n3', 'n4']);
    expect(nodes.map(({ host }) => host).sort()).toEqual(
      ['n1', 'n2', 'n3', 'n4'].map((name) => `host-${name}`),
    );
    const ids = new Set(nodes.map(({ id }) => id));
    const others = new Set(file.notes.map(({ node }) => node).filter((node) => !ids.has(node)));
    expect([...others].sort()).toEqual(['', 'c1', 'observer']);
  });

  test('is in the order of times, in whole microseconds', () => {
    const times = file.notes.map(({ atUs }) => atUs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.every(Number.isSafeInteger)).toBe(true);
  });

  test('says what was done to whom, and when it was over', () => {
    const [killed, over] = of('fault').filter(({ text }) => text.includes('kill'));
    expect(killed!.text).toMatch(/^kill n\d for=2s$/);
    expect(over!.text).toBe(`over: ${killed!.text}`);
    expect(over!.atUs - killed!.atUs).toBe(2_000_000);
    const node = idOf(killed!.text.split(' ')[1]!);
    const lives = of('event').filter((event) => event.node === node && event.atUs > 1e6);
    expect(lives.map(({ what }) => what)).toEqual(['stop', 'start', 'well']);
    expect(lives[0]!.atUs).toBe(killed!.atUs);
  });

  test('shows the charts of rounds as they go, under names that no other run has a part in', () => {
    const rounds = new Map<string, string[]>();
    for (const { chart, node, instance, state } of of('chart'))
      if (chart === 'putRound')
        rounds.set(`${node} ${instance}`, [
          ...(rounds.get(`${node} ${instance}`) ?? []),
          state as string,
        ]);
    expect(rounds.size).toBeGreaterThanOrEqual(2);
    for (const states of rounds.values())
      expect([states[0], states.at(-1)]).toEqual(['awaitingQuorum', 'done']);
    expect(of('chart').some(({ instance }) => /x:\d/.test(instance))).toBe(false);
  });

  test('shows a question and its answer by the number of the call', () => {
    const merges = of('message').filter(({ verb }) => verb === 'merge');
    const byCall = new Map<string, MessageNote[]>();
    for (const merge of merges) {
      const asker = (merge.way === 'sent') === (merge.answers === true) ? merge.peer : merge.node;
      const name = `${asker} ${merge.call}`;
      byCall.set(name, [...(byCall.get(name) ?? []), merge]);
    }
    const whole = [...byCall.values()].filter(({ length }) => length === 4);
    expect(whole.length).toBeGreaterThanOrEqual(4);
    for (const messages of whole)
      expect(messages.map(({ way, answers }) => `${way} ${answers ?? false}`)).toEqual([
        'sent false',
        'received false',
        'sent true',
        'received true',
      ]);
  });

  test('shows what disks did, and how long it took', () => {
    const syncs = of('disk').filter(({ what }) => what === 'sync');
    expect(syncs.length).toBeGreaterThan(5);
    expect(syncs.every(({ tookUs }) => tookUs > 0)).toBe(true);
    expect(syncs.some(({ bytes }) => bytes > 100)).toBe(true);
  });

  test('tells what clients asked for and were told, and no key anywhere else', () => {
    const steps = of('step').filter(({ node }) => node === 'c1');
    const twoEach = ['asked', 'replied'];
    expect(steps.map(({ what }) => what)).toEqual([...twoEach, ...twoEach, ...twoEach]);
    expect(new Set(steps.map(({ trace }) => trace)).size).toBe(3);
    expect(steps[0]!.text).toBe('put b/k');
    const others = file.notes.filter(({ kind }) => kind === 'message' || kind === 'event');
    expect(JSON.stringify(others)).not.toMatch(/b[./]k\b/);
  });
});

test('a broken promise stands at its moment', async () => {
  let book: NoteBook | undefined;
  const onCluster = (cluster: SimCluster): void => {
    book = watchRun(cluster);
    cluster.scheduler.in(brokenUs, undefined, () =>
      cluster.violations.add('safety', 'made-up', 'it was broken on purpose'),
    );
  };
  await runScenario(parseScenario(story), {}, { onCluster });
  const broken = readTraceFile(book!.text('broken')).notes.filter(
    ({ kind }) => kind === 'violated',
  );
  expect(broken).toEqual([
    {
      kind: 'violated',
      node: '',
      atUs: brokenUs,
      rule: 'made-up',
      text: 'it was broken on purpose',
    },
  ]);
});

function wanted({ kind }: Note): boolean {
  return kind === 'fault';
}

describe('the page’s film of it', () => {
  test('most messages arrive, and only what met nobody does not', () => {
    const { journeys } = filmOf(file.notes);
    const lost = journeys.filter(({ arrivedUs }) => arrivedUs === undefined);
    expect(journeys.length).toBeGreaterThan(200);
    expect(lost.length).toBeLessThan(journeys.length / 4);
    const merges = journeys.filter(({ verb, arrivedUs }) => verb === 'merge' && arrivedUs);
    expect(merges.every(({ sentUs, arrivedUs }) => arrivedUs! > sentUs)).toBe(true);
  });

  test('a node is down from its kill to its start, and serves after it', () => {
    const film = filmOf(file.notes);
    const killed = of('fault').find(({ text }) => text.startsWith('kill'))!;
    const node = idOf(killed.text.split(' ')[1]!);
    const at = (afterUs: number): unknown => lifeAt(film, node, killed.atUs + afterUs);
    expect(at(-1)).toMatchObject({ isUp: true, state: expect.stringContaining('serving') });
    expect(at(1_000_000)).toMatchObject({ isUp: false, state: 'down' });
    expect(at(2_000_001)).toMatchObject({ isUp: true });
    expect(lifeAt(film, node, film.toUs)).toMatchObject({
      state: expect.stringContaining('serving'),
    });
  });

  test('what is under way is found by its time, as looking at each would find it', () => {
    const film = filmOf(file.notes);
    for (const from of [film.fromUs, 600_000, 1_000_000, film.toUs - 1_000_000]) {
      const to = from + 50_000;
      const found = journeysBetween(film, { from, to, most: Number.POSITIVE_INFINITY });
      const each = film.journeys.filter(
        ({ sentUs, arrivedUs }) => sentUs <= to && (arrivedUs ?? sentUs + 2_000) >= from,
      );
      expect(found).toEqual(each);
    }
    const few = journeysBetween(film, { from: film.fromUs, to: film.toUs, most: 10 });
    expect(few).toHaveLength(10);
  });

  test('charts that have ended are gone, those that live are where they are', () => {
    const film = filmOf(file.notes);
    const round = of('chart').find(({ chart }) => chart === 'putRound')!;
    const charts = (atUs: number): string[] =>
      chartsOf(film, round.node, atUs).map(({ chart }) => chart);
    expect(charts(round.atUs)).toContain('putRound');
    expect(charts(film.toUs)).not.toContain('putRound');
    expect(charts(film.toUs)).toContain('node');
  });

  test('jumps from fault to fault, and says what each note means', () => {
    const film = filmOf(file.notes);
    const first = markFrom(film, { atUs: 0, way: 'forth', wanted })!;
    const next = markFrom(film, { atUs: first.atUs, way: 'forth', wanted })!;
    expect(next.atUs).toBeGreaterThan(first.atUs);
    expect(markFrom(film, { atUs: next.atUs, way: 'back', wanted })).toBe(first);
    const nameOf = namesOf(file.head.nodes);
    for (const note of file.notes) expect(noteText(note, nameOf)).not.toMatch(/undefined|\[object/);
  });
});

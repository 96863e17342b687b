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
import { runCaught } from '../run-seed.js';
import { drawWorld } from '../world-options.js';
import { markedMax } from './marking.js';
import { NoteBook } from './note-book.js';
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
    const came = lives.map(({ what }) => what).filter((what) => what !== 'configuration');
    expect(came).toEqual(['stop', 'start', 'well']);
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

function stepsOf(trace: string): string[] {
  return of('step')
    .filter((step) => step.trace === trace && step.node !== 'c1')
    .map(({ what }) => what);
}

describe('requests under the glass', () => {
  test('nodes note their part in them: the fallback’s hint as well, long after the reply', () => {
    const [first, second, third] = of('step').filter(
      ({ node, what }) => node === 'c1' && what === 'asked',
    );
    expect(stepsOf(first!.trace)).toEqual(
      expect.arrayContaining(['received', 'planned', 'minted', 'asked', 'acked', 'verdict']),
    );
    expect(stepsOf(first!.trace)).not.toContain('hintOwed');
    const fallback = stepsOf(second!.trace);
    expect(fallback).toEqual(expect.arrayContaining(['fallback', 'hintOwed', 'replied']));
    expect(fallback.indexOf('handedOff')).toBeGreaterThan(fallback.indexOf('replied'));
    expect(stepsOf(third!.trace)).toEqual(expect.arrayContaining(['answered', 'verdict']));
  });

  test('what passed because of them, and their round’s chart, says so, and stands there once', () => {
    const asked = of('step').find(({ node }) => node === 'c1');
    const { trace } = asked!;
    const messages = of('message').filter((message) => message.trace === trace);
    expect(messages.filter(({ verb }) => verb === 'put')).toHaveLength(4);
    expect(messages.filter(({ verb }) => verb === 'merge')).toHaveLength(8);
    const charts = of('chart').filter((chart) => chart.trace === trace);
    expect(new Set(charts.map(({ chart }) => chart))).toEqual(new Set(['putRound']));
    const states = charts.map(({ state }) => state);
    expect([states[0], states.at(-1)]).toEqual(['awaitingQuorum', 'done']);
    expect(states).toContain('settling');
    const { instance, node } = charts[0]!;
    const all = of('chart').filter((chart) => chart.instance === instance && chart.node === node);
    expect(all).toEqual(charts);
  });

  test('a script marks one by its word, in a run that nobody watches too', async () => {
    const heard: string[] = [];
    const script = story.replace('two w=3 via=p1', 'two w=3 trace via=p1');
    const digests: string[] = [];
    for (const text of [script, story]) {
      let cluster: SimCluster | undefined;
      const onCluster = (made: SimCluster): void => {
        cluster = made;
        made.nats.onSent.push((from, { subject, headers }) => {
          if (headers?.['Kv-Trace'] !== undefined) heard.push(`${from} ${subject}`);
        });
      };
      expect(await runScenario(parseScenario(text), {}, { onCluster })).toBeUndefined();
      digests.push(cluster!.trace.digest());
    }
    expect(heard[0]).toBe('c1 kv.put.b.k');
    expect(heard).toHaveLength(2);
    expect(digests[0]).toBe(digests[1]);
  });

  test('the events of nodes’ own time lines are there', () => {
    const found = new Set(of('event').map(({ what, text }) => `${what} ${text}`));
    const down = [...found].filter((event) => /^(?:suspect|down) n\d is/.test(event));
    expect(down.length).toBeGreaterThan(0);
    expect([...found].some((event) => event.startsWith('hint '))).toBe(true);
  });
});

test.each(['7', '3~'])('seed %s: watched or not, it is one run', async (seed) => {
  const drawn = drawWorld(seed);
  const options = { ...drawn, workUs: Math.min(drawn.workUs, 2e6) };
  let book: NoteBook | undefined;
  const plain = await runCaught(options);
  const seen = await runCaught(options, { onCluster: (cluster) => (book = watchRun(cluster)) });
  expect([seen.digest, seen.steps, seen.virtualUs]).toEqual([
    plain.digest,
    plain.steps,
    plain.virtualUs,
  ]);
  const { notes } = readTraceFile(book!.text(seed));
  const traces = new Set(
    notes.flatMap((note) => (note.kind === 'step' && note.what === 'planned' ? note.trace : [])),
  );
  expect(traces.size).toBeGreaterThan(0);
  expect(traces.size).toBeLessThanOrEqual(markedMax);
});

describe('a run that is too long for a file', () => {
  const nobody = { node: '', atUs: 1 } as const;
  const gossip = { kind: 'message', way: 'sent', peer: '', verb: 'gossip', bytes: 9 } as const;

  test('goes without what is said in the background, then without its end, and says so', () => {
    const book = new NoteBook(() => [], { notesMax: 10, charsMax: 10_000 });
    for (let i = 0; i < 8; i++) book.add({ ...nobody, ...gossip });
    for (let i = 0; i < 5; i++) book.add({ ...nobody, kind: 'fault', text: `${i}` });
    expect(book.count).toBe(5);
    book.add({ ...nobody, ...gossip });
    for (let i = 5; i < 20; i++) book.add({ ...nobody, kind: 'fault', text: `${i}` });
    const { head, notes } = readTraceFile(book.text('long'));
    expect(notes.map((note) => (note.kind === 'fault' ? note.text : '-'))).toEqual(
      Array.from({ length: 10 }, (_, i) => `${i}`),
    );
    expect(head.about).toBe('long; 19 notes are left out: the run is too long');
  });

  test('in characters as well', () => {
    const book = new NoteBook(() => [], { notesMax: 1e6, charsMax: 500 });
    for (let i = 0; i < 100; i++) book.add({ ...nobody, kind: 'fault', text: `${i}` });
    expect(book.text('').length).toBeLessThan(800);
    expect(book.count).toBeGreaterThan(5);
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
      chartsOf(film, round.node, atUs).map(({ note }) => note.chart);
    expect(charts(round.atUs)).toContain('putRound');
    expect(charts(film.toUs)).not.toContain('putRound');
    expect(charts(film.toUs)).toContain('node');
  });

  test('what a node was running when it was killed ends with it', () => {
    const film = filmOf(file.notes);
    const killed = of('fault').find(({ text }) => text.startsWith('kill'))!;
    const node = idOf(killed.text.split(' ')[1]!);
    const running = (afterUs: number): string[] =>
      chartsOf(film, node, killed.atUs + afterUs).map(({ note }) => note.chart);
    expect(running(-1)).toEqual(expect.arrayContaining(['node', 'peer', 'gossip']));
    expect(running(1_000_000)).toEqual([]);
    expect(chartsOf(film, node, film.toUs).map(({ note }) => note.chart)).toContain('gossip');
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

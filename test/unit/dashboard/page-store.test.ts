import { expect, test } from '@jest/globals';
import { PageStore } from '../../../src/dashboard/page/page-store.js';
import type { Source, SourceListener } from '../../../src/dashboard/page/source.js';
import type { ClusterPicture, Note } from '../../../src/dashboard/wire.js';
import { nodeWith, pictureWith, ringWith, statusWith } from '../../support/cluster-pictures.js';

class StillSource implements Source {
  readonly kind = 'live';
  readonly title = 'still';
  listener: SourceListener | undefined;
  open = (listener: SourceListener): void => void (this.listener = listener);
  close = (): void => void (this.listener = undefined);
  charts = async () => [];
  timeline = async () => [];
  traces = async () => [];
  trace = async () => [];
}

function pictureAt(atMs: number): ClusterPicture {
  const rates = { puts: 0, gets: 0, failures: 0, p50Ms: null, p99Ms: null };
  return { atMs, servers: '', nodes: [], ring: null, rates, problems: [] };
}

const note: Note = { kind: 'fault', atUs: 1, node: '', text: 'a link is cut' };

function opened() {
  const frames: (() => void)[] = [];
  const source = new StillSource();
  const store = new PageStore(source, (work) => void frames.push(work));
  let told = 0;
  store.subscribe(() => told++);
  const frame = (): void => {
    for (const work of frames.splice(0)) work();
  };
  return { store, source, frames, frame, told: () => told };
}

test('however much comes in, listeners are told once a frame', () => {
  const { source, frames, frame, told } = opened();
  for (let i = 0; i < 100; i++) source.listener!.noted({ notes: [note], dropped: 1 });
  expect([frames.length, told()]).toEqual([1, 0]);
  frame();
  expect(told()).toBe(1);
  source.listener!.pictured(pictureAt(1));
  frame();
  expect(told()).toBe(2);
});

test('the picture is the latest, or that of the moment that is looked at', () => {
  const { store, source } = opened();
  for (const atMs of [1000, 2000, 3000]) source.listener!.pictured(pictureAt(atMs));
  expect(store.picture?.atMs).toBe(3000);
  for (const [at, shown] of [
    [2500, 2000],
    [2000, 2000],
    [10, 1000],
    [9999, 3000],
  ] as const) {
    store.lookAt(at);
    expect(store.picture?.atMs).toBe(shown);
  }
});

test('a second opening of the same source is counted: what happened between is missing', () => {
  const { store, source } = opened();
  for (const connection of ['open', 'open', 'lost', 'connecting', 'open'] as const)
    source.listener!.connected(connection);
  expect(store.openings).toBe(2);
});

test('of pictures that are kept, what is as it was is kept once', () => {
  const { store, source } = opened();
  const names = ['n1', 'n2', 'n3'];
  const lists = () => names;
  const told = (seconds: number): ClusterPicture => {
    const counters = { 'coordinator.puts': seconds, 'nobody.asks': seconds };
    const nodes = names.map((name) =>
      nodeWith(name, { status: statusWith(name, { uptimeMs: 1_000 * seconds, counters }) }),
    );
    const ring = ringWith({ names, lists });
    return JSON.parse(JSON.stringify(pictureWith(nodes, { atMs: seconds, ring })));
  };
  for (const seconds of [1, 2]) source.listener!.pictured(told(seconds));
  const [first, second] = [store.pictures.at(0)!, store.pictures.at(1)!];
  expect(second.ring).toBe(first.ring);
  expect(second.nodes[0]!.view).toBe(first.nodes[0]!.view);
  expect([first, second].map(({ nodes }) => nodes[0]!.status!.counters)).toEqual([
    { 'coordinator.puts': 1 },
    { 'coordinator.puts': 2 },
  ]);
});

test('of another source nothing of the first is shown, and the first is closed', () => {
  const { store, source } = opened();
  source.listener!.noted({ notes: [note], dropped: 3 });
  source.listener!.pictured(pictureAt(1));
  store.show(new StillSource());
  expect(source.listener).toBeUndefined();
  expect([store.picture, store.notes.length, store.dropped]).toEqual([undefined, 0, 0]);
});

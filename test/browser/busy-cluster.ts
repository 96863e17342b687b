/**
 * The page's server with a made-up cluster behind it, which notes as much as it is told to: what is
 * measured of the page is measured of nothing else.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { chartsApi } from '../../src/dashboard/api/charts.js';
import { streamApi } from '../../src/dashboard/api/stream.js';
import { findCharts } from '../../src/dashboard/charts.js';
import type { FeedListener } from '../../src/dashboard/cluster-feed.js';
import { pageFiles } from '../../src/dashboard/page-files.js';
import { Streams } from '../../src/dashboard/streams.js';
import type { ClusterPicture, Note, StateValue } from '../../src/dashboard/wire.js';
import { RealClock } from '../../src/seams/real-clock.js';
import {
  idOf,
  nodeWith,
  pictureWith,
  ringWith,
  statusWith,
  viewWith,
} from '../support/cluster-pictures.js';

const names = ['n1', 'n2', 'n3', 'n4', 'n5'];
const batchMs = 100;
const greeting = { process: 'busy', canBreak: false, hasReplay: false, hasCluster: true };

export interface BusyCluster {
  readonly address: string;
  /** Notes that went to pages so far. */
  told(): number;
  close(): Promise<void>;
}

export async function startBusyCluster(notesPerSecond: number): Promise<BusyCluster> {
  const listeners = new Set<FeedListener>();
  const notes = notesFor();
  let told = 0;
  const streams = new Streams(
    {
      watch: (listener) => {
        listeners.add(listener);
        listener.pictured(pictureAfter(told));
        return () => void listeners.delete(listener);
      },
    },
    new RealClock(),
  );
  const app = new Hono();
  const clock = new RealClock();
  const found = findCharts();
  const parts = {
    live: undefined,
    clock,
    streams,
    greeting,
    replayFile: undefined,
    charts: () => found,
  };
  app.route('/', pageFiles('a word of this page'));
  app.route('/api', chartsApi(parts));
  app.route('/api', streamApi(parts));
  app.get('/api/timeline', (context) => context.json([]));
  app.get('/api/traces', (context) => context.json([]));
  const server = createServer(getRequestListener(app.fetch)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  let batches = 0;
  let toldAtMs = performance.now();
  const timer = setInterval(() => {
    if (listeners.size === 0) return;
    // On a busy machine the timer comes late.
    const nowMs = performance.now();
    const sinceMs = Math.min(nowMs - toldAtMs, 5 * batchMs);
    toldAtMs = nowMs;
    const due = Math.round((notesPerSecond * sinceMs) / 1_000);
    const batch = Array.from({ length: due }, () => notes());
    told += batch.length;
    const isSecond = ++batches % (1_000 / batchMs) === 0;
    for (const listener of listeners) {
      listener.noted({ notes: batch, dropped: 0 });
      if (isSecond) listener.pictured(pictureAfter(told));
    }
  }, batchMs);
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    told: () => told,
    close: async () => {
      clearInterval(timer);
      streams.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function pictureAfter(told: number): ClusterPicture {
  const nodes = names.map((name) => {
    const counters = { 'coordinator.puts': told, 'store.logBytes': 100 * told };
    const others = names.filter((other) => other !== name);
    const charts = others.map((other) => ({
      chart: 'peer',
      instance: `peer-${idOf(other)}`,
      state: { watched: 'alive' },
    }));
    const uptimeMs = performance.now();
    return nodeWith(name, {
      status: statusWith(name, { counters, uptimeMs, hints: told % 7 }),
      view: viewWith({ reach: Object.fromEntries(others.map((o) => [idOf(o), 'alive'])), charts }),
    });
  });
  const lists = (partition: number): string[] =>
    names.map((_, at) => names[(at + partition) % names.length]!);
  return pictureWith(nodes, {
    atMs: Date.now(),
    servers: 'nats://busy:4222',
    ring: ringWith({ names, partitions: 256, lists }),
  });
}

/** A round of puts as its chart goes, with what passes between nodes and onto their disks. */
const round: readonly (readonly [event: string, state: StateValue])[] = [
  ['xstate.init', 'awaitingQuorum'],
  ['quorum.met', 'settling'],
  ['primaries.served', 'done'],
];

function notesFor(): () => Note {
  let count = 0;
  return () => {
    const at = count++;
    const node = idOf(names[at % names.length]!);
    const peer = idOf(names[(at + 1) % names.length]!);
    const base = { atUs: Date.now() * 1_000 + (at % 1_000), node };
    const turn = at % 10;
    if (turn < 6) {
      const step = Math.floor(at / names.length) % round.length;
      const [event, state] = round[step]!;
      const instance = `round-${Math.floor(at / (names.length * round.length))}`;
      const chart = { ...base, kind: 'chart', chart: 'putRound', instance, event, state } as const;
      const context = { rows: 12, acks: step, primaries: names.map(idOf) };
      return step === 2 ? { ...chart, context, isFinal: true } : { ...chart, context };
    }
    if (turn < 8)
      return { ...base, kind: 'message', way: 'sent', peer, verb: 'merge', bytes: 900, call: at };
    if (turn < 9) return { ...base, kind: 'disk', what: 'sync', bytes: 4_096, tookUs: 900 };
    // An event a hundredth of all: more than any cluster has for long.
    if (at % 100 === 9) return { ...base, kind: 'event', what: 'hint', about: peer, text: 'owed' };
    const event = { event: 'peer.heard', state: { watched: 'alive' } };
    return { ...base, kind: 'chart', chart: 'peer', instance: `peer-${peer}`, ...event };
  };
}

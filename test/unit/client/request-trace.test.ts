/** A request under the glass, as its author sees it: what left, what came, what it was told. */
import { beforeEach, expect, test } from '@jest/globals';
import { insightLimits } from '../../../actors/rules/limits/insight.js';
import type { QuorateClient } from '../../../src/index.js';
import { noteOf } from '../../../src/insight/note-reader.js';
import { isTraceId, type Note } from '../../../src/insight/notes.js';
import { FakeCluster } from './fake-cluster.js';

let cluster: FakeCluster;
let client: QuorateClient;

beforeEach(async () => {
  cluster = new FakeCluster();
  client = await cluster.ready();
});

const lines = (notes: readonly Note[]): string[] =>
  notes.map((note) => {
    expect(noteOf(JSON.parse(JSON.stringify(note)))).toEqual(note);
    if (note.kind === 'message') return `${note.way} ${note.call} ${note.answers ?? false}`;
    return note.kind === 'step' ? `${note.what} ${note.text ?? ''}` : note.kind;
  });

const tracesSent = (): unknown[] =>
  cluster.nodes.flatMap(({ frames }) => frames.map(({ frame }) => frame.traces));

test('a put: the frame carries its id to the node that the notes name', async () => {
  const trace = client.trace();
  expect(isTraceId(trace.id)).toBe(true);
  await cluster.settled(client.bucket('b').put('k', 'v', { trace }));
  expect(lines(trace.notes)).toEqual(['sent 1 false', 'received 1 true', 'replied done']);
  expect(tracesSent()).toEqual([[trace.id]]);
  const node = cluster.nodes.find(({ frames }) => frames.length > 0)!;
  for (const note of trace.notes) {
    expect(note).toMatchObject({ node: 'client', trace: trace.id });
    if (note.kind === 'message') expect(note).toMatchObject({ peer: node.id, verb: 'frame' });
  }
  const times = trace.notes.map(({ atUs }) => atUs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
});

test('others of the same turn travel without it, in a frame of their own', async () => {
  const trace = client.trace();
  const bucket = client.bucket('b');
  await cluster.settled(Promise.all([bucket.put('k', 'v', { trace }), bucket.put('k', 'w')]));
  expect(tracesSent()).toEqual(expect.arrayContaining([[trace.id], undefined]));
});

test('a get goes to a coordinator, which can note it; others are read by the client itself', async () => {
  const bucket = client.bucket('b');
  await cluster.settled(bucket.put('k', 'v'));
  const trace = client.trace();
  await cluster.settled(bucket.get('k', { trace }));
  expect(lines(trace.notes)).toEqual(['sent 1 false', 'received 1 true', 'replied done']);
  expect(cluster.nodes.flatMap(({ own }) => own)).toEqual([]);
  await cluster.settled(bucket.get('k'));
  expect(cluster.nodes.flatMap(({ own }) => own)).not.toEqual([]);
});

test('one that fails says how, and with which outcome', async () => {
  for (const node of cluster.nodes)
    node.script = () => ({ code: 504, outcome: 'unknown', message: 'too slow' });
  const trace = client.trace();
  const put = client.bucket('b').put('k', 'v', { trace, timeoutMs: 500 });
  await expect(cluster.settled(put)).rejects.toMatchObject({ outcome: 'unknown' });
  expect(lines(trace.notes).at(-1)).toMatch(/^replied .*\(unknown\)$/);
});

test('a node that is not there is out of reach; who is asked instead has the same trace', async () => {
  const trace = client.trace();
  const bucket = client.bucket('b');
  await cluster.settled(bucket.put('k', 'v'));
  const at = cluster.nodes.findIndex(({ frames }) => frames.length > 0);
  cluster.nodes[at]!.kill();
  await cluster.settled(bucket.put('k', 'w', { trace }));
  const said = lines(trace.notes);
  expect(said.slice(0, 2)).toEqual(['sent 1 false', 'outOfReach ']);
  expect(said.slice(-2)).toEqual(['received 2 true', 'replied done']);
  expect(trace.notes[1]).toMatchObject({ about: cluster.nodes[at]!.id });
  expect(tracesSent()).toEqual([undefined, [trace.id]]);
});

test('one that is given to many requests keeps so many notes', async () => {
  const trace = client.trace();
  const bucket = client.bucket('b');
  for (let at = 0; at < insightLimits.traceNotesMax / 2; at++)
    await cluster.settled(bucket.put('k', 'v', { trace }));
  expect(trace.notes).toHaveLength(insightLimits.traceNotesMax);
});

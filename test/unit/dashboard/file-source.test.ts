/** A trace file that is wound back shows what it showed when it came there. */
import { expect, test } from '@jest/globals';
import { dashboardLimits } from '../../../actors/rules/limits/dashboard.js';
import { FileSource } from '../../../src/dashboard/page/file-source.js';
import { PageStore } from '../../../src/dashboard/page/page-store.js';
import type { Note, TraceFile } from '../../../src/dashboard/wire.js';

const [n1, n2] = ['a'.repeat(16), 'b'.repeat(16)] as const;
const nodes = [n1, n2].map((id, index) => {
  return { id, name: `n${index + 1}`, host: '', zone: '' };
});
const count = 45_000;

/** Charts that come and go, and a node that is believed dead now and then. */
function noteAt(number: number): Note {
  const atUs = number * 1_000;
  if (number % 1_000 === 0) {
    const what = number % 2_000 === 0 ? 'down' : 'alive';
    return { kind: 'event', node: n1, atUs, what, about: n2, text: what };
  }
  const instance = `i${number % 3_000}`;
  const isFinal = number % 6_000 > 3_000;
  return {
    kind: 'chart',
    node: n2,
    atUs,
    chart: 'putRound',
    instance,
    event: 'e',
    state: `s${number}`,
    ...(isFinal && { isFinal: true as const }),
  };
}

const file: TraceFile = {
  head: { quorateTrace: 1, nodes, startedMs: 0 },
  notes: Array.from({ length: count }, (_, number) => noteAt(number)),
};

function opened(): { store: PageStore; source: FileSource } {
  const frames = { elapsedMs: () => 0, onFrame: () => () => undefined };
  const source = new FileSource('a file', file, async () => [], frames);
  const store = new PageStore(source, (work) => work());
  return { store, source };
}

function shown({ picture, notes }: PageStore): unknown {
  const charts = picture!.nodes.flatMap(({ view }) => view!.charts);
  return {
    at: picture!.atMs,
    nodes: picture!.nodes.map(({ reach }) => reach),
    charts,
    last: notes.last,
  };
}

test.each([0, 1, 9_999, 10_000, 20_500, 31_999, 44_999])('at note %d', (number) => {
  const straight = opened();
  straight.source.seek(number * 1_000);
  const back = opened();
  back.source.seek(count * 1_000);
  back.source.seek(number * 1_000);
  expect(shown(back.store)).toEqual(shown(straight.store));
  const { notes } = back.store;
  expect(notes.length).toBe(Math.min(number + 1, dashboardLimits.notesKeptMax));
  expect(notes.last).toBe(file.notes[number]);
});

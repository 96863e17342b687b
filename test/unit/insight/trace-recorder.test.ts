/** What a recorder asks of the log, and how much it keeps of what is noted. */
import 'reflect-metadata';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { insightLimits } from '../../../actors/rules/limits/insight.js';
import { OverloadedError } from '../../../src/errors.js';
import { TraceRecorder } from '../../../src/insight/trace-recorder.js';
import type { TracedRequest } from '../../../src/seams/tracing.js';
import type { LogWrite } from '../../../src/store/store.js';
import { SimRandom } from '../../simulation/core/sim-random.js';
import { ManualClock } from '../../support/manual-clock.js';
import { MapStore } from '../../support/map-store.js';

const node = 'a'.repeat(16);
const request: TracedRequest = { what: 'put', bucket: 'b', key: 'k', from: 'client' };

/** Its log is told when a write ends. */
class WatchedStore extends MapStore {
  listener: ((write: LogWrite) => void) | undefined;

  override readonly watchWrites = (to?: (write: LogWrite) => void): void => {
    this.listener = to;
  };
}

let store: WatchedStore;
let traces: TraceRecorder;
let id: string;

beforeEach(() => {
  const clock = new ManualClock();
  store = new WatchedStore(node, clock);
  traces = new TraceRecorder(clock, new SimRandom('recorder'), store, { id: node });
  ({ id } = traces.begin(request));
});

const disk = (): (number | undefined)[] =>
  traces.notesOf(id)!.flatMap((note) => (note.kind === 'disk' ? note.bytes : []));

/** Gives what ends the write. */
function write(): () => void {
  let end: (() => void) | undefined;
  traces.write(
    [id],
    () => undefined,
    (onDurable) => {
      end = onDurable;
    },
  );
  return end!;
}

function refuse(): never {
  throw new OverloadedError('the hints are full');
}

const wrote = (bytes: number): void => store.listener?.({ bytes, tookMs: 1, isSynced: true });

describe('the log', () => {
  test('is watched while a write for a trace is under way, and no longer', () => {
    expect(store.listener).toBeUndefined();
    const [first, second] = [write(), write()];
    first();
    expect(store.listener).toBeDefined();
    second();
    expect(store.listener).toBeUndefined();
  });

  test('is not watched for a write that is refused', () => {
    expect(() => traces.write([id], () => undefined, refuse)).toThrow('the hints are full');
    expect(store.listener).toBeUndefined();
    const end = write();
    wrote(7);
    end();
    expect(disk()).toEqual([7]);
  });

  test('is noted as it was for this write, and not at all where there was nothing to write', () => {
    const [first, second] = [write(), write()];
    wrote(10);
    first();
    const idle = write();
    idle();
    expect(disk()).toEqual([10]);
    wrote(20);
    second();
    expect(disk()).toEqual([10, 20]);
    write()();
    expect(disk()).toEqual([10, 20]);
  });
});

test('a trace has so many bytes, however few its notes are', () => {
  const text = 'x'.repeat(10_000);
  const { traceBytesMax, traceNotesMax } = insightLimits;
  for (let at = 0; at < traceNotesMax; at++)
    traces.note([id], { kind: 'step', what: 'refused', text });
  const notes = traces.notesOf(id)!;
  expect(notes.length).toBeGreaterThan(2);
  expect(JSON.stringify(notes).length).toBeLessThan(traceBytesMax);
  traces.begin(request, id);
  traces.note([id], { kind: 'step', what: 'refused', text });
  expect(JSON.stringify(traces.notesOf(id)).length).toBeLessThan(traceBytesMax);
});

test('a request under the glass has others neither drawn nor kept', () => {
  expect([traces.isOn, traces.isSampling]).toEqual([true, false]);
  expect(traces.sample(request)).toBeUndefined();
  traces.wish({ rate: 1, slowMs: 0, failed: false });
  expect(traces.isSampling).toBe(true);
});

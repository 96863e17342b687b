/**
 * What this node has noted of requests under the glass: a ring of traces, each of a bounded number
 * of notes and bytes. Who watches hears of every note as it is made, of as many traces as `shows`
 * says.
 */
import { inject, injectable } from 'tsyringe';
import type { NodeId } from '../../actors/rules/actor.js';
import type { StorageKey } from '../../actors/rules/key.js';
import { insightLimits } from '../../actors/rules/limits/insight.js';
import { NodeAddress } from '../bus/peers.js';
import { Clock } from '../seams/clock.js';
import { Random } from '../seams/random.js';
import type { Sketch, TracedReply, TracedRequest, TraceMark, Tracing } from '../seams/tracing.js';
import { Store, type LogWrite } from '../store/store.js';
import { bytesAtMost } from './bytes-within.js';
import { NoteClock } from './note-clock.js';
import type { Note, TraceId } from './notes.js';
import { isSlow, Sampling, type SamplingWish } from './sampling.js';

/** A request that was taken here, as `traces` lists it. */
export interface TraceSummary {
  readonly id: TraceId;
  readonly atUs: number;
  readonly what: TracedRequest['what'];
  readonly bucket: string;
  readonly key: string;
  /** '' until it is answered. */
  readonly outcome: string;
  /** -1 until then. */
  readonly ms: number;
}

interface Trace {
  readonly id: TraceId;
  readonly beganUs: number;
  /** Undefined where this node only had a part in it. */
  readonly request: TracedRequest | undefined;
  readonly travels: boolean;
  /** Its notes are told as they are made. */
  readonly isShown: boolean;
  readonly notes: Note[];
  /** About as many as they take. */
  bytes: number;
  outcome: string;
  ms: number;
}

/**
 * Keys that one message was about, some of them because of the traces: nobody said which. So all of
 * them are waited for.
 */
interface Owed {
  readonly traces: readonly TraceId[];
  /** Those that are owed still. */
  open: number;
}

/** A trace that was kept because of how its request went. */
export interface Kept {
  readonly id: TraceId;
  readonly what: 'slow' | 'failed';
  readonly text: string;
}

@injectable()
export class TraceRecorder implements Tracing {
  isOn = false;
  isSampling = false;
  onNote: ((note: Note) => void) | undefined;
  /** Whether a trace that begins is to be told of, from its beginning to its end. */
  shows: () => boolean = () => false;
  onKept: ((kept: Kept) => void) | undefined;
  private readonly time: NoteClock;
  private readonly traces = new Map<TraceId, Trace>();
  /** Kept only if they turn out to be slow or to fail. */
  private readonly candidates = new Map<TraceId, Trace>();
  /** Requests with a mark that are not answered yet. */
  private open = 0;
  private writes = 0;
  private lastWrite: LogWrite | undefined;
  /** By target and key. */
  private readonly owed = new Map<string, readonly Owed[]>();
  private readonly sampling: Sampling;

  constructor(
    @inject(Clock) clock: Clock,
    @inject(Random) private readonly random: Random,
    @inject(Store) private readonly store: Store,
    @inject(NodeAddress) private readonly address: Pick<NodeAddress, 'id'>,
  ) {
    this.time = new NoteClock(clock);
    this.sampling = new Sampling(clock, () => this.review());
  }

  begin(request: TracedRequest, id: TraceId = this.newId()): TraceMark {
    return this.take(this.traces, { id, request, travels: true });
  }

  sample(request: TracedRequest): TraceMark | undefined {
    const { rate, keepsSome } = this.sampling.wish;
    if (rate > 0 && this.random.below(1e6) < rate * 1e6) return this.begin(request);
    if (!keepsSome || this.candidates.size >= insightLimits.candidatesMax) return undefined;
    return this.take(this.candidates, { id: this.newId(), request, travels: false });
  }

  replied({ id }: TraceMark, { isFailure, text }: TracedReply): void {
    this.open--;
    this.review();
    const trace = this.traces.get(id) ?? this.candidates.get(id);
    if (trace === undefined) return;
    this.note([id], { kind: 'step', what: 'replied', text });
    trace.ms = (this.time.nowUs() - trace.beganUs) / 1000;
    trace.outcome = text;
    this.candidates.delete(id);
    const what = this.whyKept(trace, isFailure);
    if (what === undefined) return;
    if (!trace.travels) this.keep(trace);
    this.onKept?.({ id, what, text: `${trace.request!.what}: ${text}` });
  }

  serve(traces: readonly TraceId[]): void {
    for (const id of traces)
      if (!this.traces.has(id)) this.keep(this.made({ id, request: undefined, travels: true }));
  }

  note(traces: readonly TraceId[], sketch: Sketch): void {
    if (traces.length === 0) return;
    const base = { ...sketch, atUs: this.time.nowUs(), node: this.address.id };
    const bytes = bytesAtMost(base);
    for (const id of traces) this.add(id, { ...base, trace: id }, bytes);
  }

  write<T>(
    traces: readonly TraceId[],
    onDurable: () => void,
    make: (onDurable: () => void) => T,
  ): T {
    const { lastWrite: before } = this;
    this.writes++;
    this.store.watchWrites(this.wrote);
    try {
      return make(() => {
        const { lastWrite } = this;
        this.writeIsOver();
        // What had nothing to write waits for a write that had begun, or for none.
        if (lastWrite !== undefined && lastWrite !== before) this.noteWrite(traces, lastWrite);
        onDurable();
      });
    } catch (error) {
      this.writeIsOver();
      throw error;
    }
  }

  private writeIsOver(): void {
    this.writes--;
    if (this.writes > 0) return;
    this.store.watchWrites(undefined);
    this.lastWrite = undefined;
  }

  get owesSome(): boolean {
    return this.owed.size > 0;
  }

  owes(traces: readonly TraceId[], target: NodeId, keys: readonly StorageKey[]): void {
    const owed: Owed = { traces, open: keys.length };
    for (const key of keys) {
      const name = nameOf(target, key);
      const together = [...(this.owed.get(name) ?? []), owed];
      this.owed.delete(name);
      this.owed.set(name, together.slice(-insightLimits.tracesTogetherMax));
      dropOldest(this.owed, insightLimits.tracesOwedMax);
    }
  }

  handedOff(target: NodeId, keys: readonly StorageKey[], to: readonly NodeId[]): void {
    for (const key of keys) {
      const name = nameOf(target, key);
      const settled = (this.owed.get(name) ?? []).filter((owed) => --owed.open === 0);
      this.owed.delete(name);
      const traces = [...new Set(settled.flatMap((owed) => owed.traces))];
      for (const about of to) this.note(traces, { kind: 'step', what: 'handedOff', about });
    }
  }

  /** Undefined: nothing is known of it. */
  notesOf(id: TraceId): readonly Note[] | undefined {
    return this.traces.get(id)?.notes;
  }

  /** Of requests that were taken here; the last one first. */
  summaries(): TraceSummary[] {
    const summaries: TraceSummary[] = [];
    for (const { id, beganUs: atUs, request, outcome, ms } of this.traces.values())
      if (request !== undefined) {
        const { what, bucket, key } = request;
        summaries.push({ id, atUs, what, bucket, key, outcome, ms });
      }
    return summaries.toReversed();
  }

  /** What is in force from now on. */
  wish(wish: SamplingWish): SamplingWish {
    return this.sampling.say(wish);
  }

  private take(
    into: Map<TraceId, Trace>,
    how: Pick<Trace, 'id' | 'request' | 'travels'>,
  ): TraceMark {
    const { id, request, travels } = how;
    // Who passed it on and gets it back, or is also a replica, goes on with what it has.
    const trace = this.made(how, this.traces.get(id));
    into.delete(id);
    into.set(id, trace);
    dropOldest(into, insightLimits.tracesMax);
    this.open++;
    this.review();
    const { what, bucket, key, from } = request!;
    this.note([id], {
      kind: 'step',
      what: 'received',
      ...(from !== '' && { about: from }),
      text: what,
      detail: { bucket, key },
    });
    return { id, travels };
  }

  private made(
    { id, request, travels }: Pick<Trace, 'id' | 'request' | 'travels'>,
    known?: Trace,
  ): Trace {
    const beganUs = this.time.nowUs();
    const isShown = known?.isShown ?? (travels && this.shows());
    const notes = known === undefined ? [] : [...known.notes];
    const bytes = known?.bytes ?? 0;
    return { id, beganUs, request, travels, isShown, notes, bytes, outcome: '', ms: -1 };
  }

  private keep(trace: Trace): void {
    this.traces.set(trace.id, trace);
    dropOldest(this.traces, insightLimits.tracesMax);
  }

  private add(id: TraceId, note: Note, bytes: number): void {
    const trace = this.traces.get(id) ?? this.candidates.get(id);
    if (trace === undefined || trace.notes.length >= insightLimits.traceNotesMax) return;
    if (trace.bytes + bytes > insightLimits.traceBytesMax) return;
    trace.bytes += bytes;
    trace.notes.push(note);
    if (trace.isShown) this.onNote?.(note);
  }

  private whyKept({ ms }: Trace, isFailure: boolean): Kept['what'] | undefined {
    const { wish } = this.sampling;
    if (isFailure && wish.failed) return 'failed';
    return isSlow(wish, ms) ? 'slow' : undefined;
  }

  private readonly wrote = (write: LogWrite): void => {
    this.lastWrite = write;
  };

  private noteWrite(traces: readonly TraceId[], { bytes, tookMs, isSynced }: LogWrite): void {
    const what = isSynced ? 'sync' : 'append';
    this.note(traces, { kind: 'disk', what, bytes, tookUs: Math.round(tookMs * 1000) });
  }

  private review(): void {
    this.isSampling = this.sampling.isOn;
    this.isOn = this.open > 0 || this.isSampling;
  }

  private newId(): TraceId {
    return this.random.bytes(8).toString('hex');
  }
}

function nameOf(target: NodeId, key: StorageKey): string {
  return `${target} ${key}`;
}

/** Maps give what was set first, first. */
function dropOldest(map: Map<string, unknown>, sizeMax: number): void {
  for (const name of map.keys()) {
    if (map.size <= sizeMax) return;
    map.delete(name);
  }
}

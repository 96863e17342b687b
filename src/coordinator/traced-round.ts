/**
 * The surroundings of a round that some requests under the glass are part of: what the round does
 * with them is noted, and other nodes are told for whom they do their part. A round without such
 * requests never comes here.
 */
import type { InspectionEvent } from 'xstate';
import { actorOf, type NodeId } from '../../actors/rules/actor.js';
import { insightLimits } from '../../actors/rules/limits/insight.js';
import { storageKeyOf, type StorageKey } from '../../actors/rules/key.js';
import { counterOf, type Dot, type KeyState } from '../../actors/rules/versions.js';
import type { StepWhat, TraceId } from '../insight/notes.js';
import { chartSketchOf } from '../seams/chart-sketch.js';
import { plain } from '../seams/inspection-view.js';
import type { Sketch, TraceMark } from '../seams/tracing.js';
import { dotForm } from '../wire/dot-form.js';
import { shownValue } from '../wire/shown-bytes.js';
import type { GetRequest, PutRequest } from './coordinator.js';
import type { RoundSurroundings } from './round-surroundings.js';
import { TracedPeers } from './traced-peers.js';
import { TracedStore } from './traced-store.js';

/** What a round's chart is told when it comes to a verdict, by its ledger or by time. */
const verdicts: ReadonlySet<string> = new Set([
  'quorum.met',
  'quorum.equal',
  'quorum.differing',
  'quorum.outOfReach',
  'deadline.passed',
]);

type Traced = Pick<PutRequest | GetRequest, 'partition' | 'bucket' | 'key' | 'trace'>;

/** The requests of one round that are traced. */
export class RoundTraces {
  readonly ids: readonly TraceId[];
  /** Those that other nodes are told of. */
  readonly travelling: readonly TraceId[];
  /** What they are about. */
  readonly keys: ReadonlyMap<StorageKey, readonly TraceId[]>;
  /** What the coordinator itself answers was noted. */
  hasOwn = false;

  constructor(
    private readonly around: RoundSurroundings,
    requests: readonly Traced[],
  ) {
    const marks = requests.flatMap(({ trace }) => trace ?? []);
    // Requests of one author may go by one name.
    this.ids = [...new Set(marks.map(({ id }) => id))];
    this.keys = tracesByKey(requests);
    const travelling = marks.filter(({ travels }) => travels).map(({ id }) => id);
    this.travelling = [...new Set(travelling)].slice(0, insightLimits.tracesTogetherMax);
  }

  get self(): NodeId {
    return this.around.store.nodeId;
  }

  note(sketch: Sketch): void {
    this.around.tracing.note(this.ids, sketch);
  }

  step(what: StepWhat, about: Omit<Extract<Sketch, { kind: 'step' }>, 'kind' | 'what'> = {}): void {
    this.note({ kind: 'step', what, ...about });
  }
}

function tracesByKey(requests: readonly Traced[]): ReadonlyMap<StorageKey, readonly TraceId[]> {
  const traces = new Map<StorageKey, readonly TraceId[]>();
  for (const request of requests) {
    if (request.trace === undefined) continue;
    const key = storageKeyOf(request);
    traces.set(key, [...(traces.get(key) ?? []), request.trace.id]);
  }
  return traces;
}

export type RoundKind = 'put' | 'get' | 'lookUp';

export function underGlass(
  around: RoundSurroundings,
  requests: readonly Traced[],
  kind: RoundKind,
): RoundSurroundings {
  if (!areTraced(requests)) return around;
  const traces = new RoundTraces(around, requests);
  const { rounds, inspection, clock } = around;
  // What a put has minted is counted by its chart once the log has it.
  const merged = kind === 'get' ? 'repaired' : undefined;
  // Who watches hears of a round under the glass by its traces, unless they are not told at once.
  const watched = traces.travelling.length === 0 ? inspection.actorOptions.inspect : undefined;
  return {
    ...around,
    peers: new TracedPeers(around.peers, traces),
    store: new TracedStore(around.store, traces, around.tracing, merged),
    inspection: {
      actorOptions: {
        clock,
        inspect: {
          next: (told) => {
            watched?.next?.(told);
            noteChart(traces, told);
          },
        },
      },
    },
    rounds: {
      begin: (round) => rounds.begin(round),
      wakeBy: (atMs) => rounds.wakeBy(atMs),
      end: (round) => {
        if (kind !== 'lookUp') traces.step('settled');
        rounds.end(round);
      },
    },
  };
}

function noteChart(traces: RoundTraces, told: InspectionEvent): void {
  if (told.type === '@xstate.event' && verdicts.has(told.event.type)) {
    const { context } = told.actorRef.getSnapshot() as unknown as { context: SeatedContext };
    const seats = plain(context.ledger?.seats ?? []);
    traces.step('verdict', { text: told.event.type, detail: { seats } });
  }
  const sketch = chartSketchOf(told);
  if (sketch !== undefined) traces.note(sketch);
  if (told.type === '@xstate.snapshot' && !traces.hasOwn)
    noteOwn(traces, told.snapshot as unknown as { readonly context: SeatedContext });
}

/** Its own yes, or its own copy, counts as that of any other, once the ledger has it. */
function noteOwn(traces: RoundTraces, { context }: { readonly context: SeatedContext }): void {
  const { self: about } = traces;
  const own = context.ledger?.seats.find(({ node }) => node === about);
  if (own?.standing !== 'acked' && own?.standing !== 'answered') return;
  traces.hasOwn = true;
  traces.step(own.standing, { about });
}

interface SeatedContext {
  readonly ledger?: {
    readonly seats: readonly { readonly node: NodeId; readonly standing: string }[];
  };
}

function areTraced(requests: readonly Traced[]): boolean {
  return requests.some(({ trace }) => trace !== undefined);
}

/** Of a get that no round is made for: this node alone is asked, and has the answer. */
export function noteHere(
  { tracing, store }: RoundSurroundings,
  { id }: TraceMark,
  what: 'answered' | 'settled',
): void {
  const about = what === 'answered' ? { about: store.nodeId } : {};
  tracing.note([id], { kind: 'step', what, ...about });
}

/** Whom the round may turn to. */
export function notePlan(
  around: RoundSurroundings,
  requests: readonly Traced[],
  plan: object,
): void {
  if (!areTraced(requests)) return;
  const detail = { ...(plain(plan) as object), requests: requests.length };
  new RoundTraces(around, requests).step('planned', { detail });
}

/** `stateOf`: as the round leaves the key of a put. */
export function noteMinted(
  around: RoundSurroundings,
  requests: readonly PutRequest[],
  minted: (key: string) => { readonly state: KeyState; readonly mark: number } | undefined,
): void {
  for (const request of requests) {
    const { trace, value } = request;
    if (trace === undefined) continue;
    const left = minted(storageKeyOf(request));
    if (left === undefined) continue;
    const dot = dotOf(request, left, around.store.nodeId);
    const detail = {
      ...(dot !== undefined && { dot: dotForm(dot) }),
      siblings: left.state.siblings.length,
      ...(value === null ? { deletes: true } : { value: shownValue(value), bytes: value.length }),
    };
    new RoundTraces(around, [request]).step('minted', { detail });
  }
}

/** That of its operation; without one it is the last that this node has minted for the key. */
function dotOf(
  { operation }: PutRequest,
  { state, mark }: { readonly state: KeyState; readonly mark: number },
  node: NodeId,
): Dot | undefined {
  const named = state.siblings.find((sibling) => sibling.operation === operation);
  if (operation !== '' && named !== undefined) return named.dot;
  const actor = actorOf(node, mark);
  const counter = counterOf(state.context, actor);
  return counter === 0 ? undefined : { actor, counter };
}

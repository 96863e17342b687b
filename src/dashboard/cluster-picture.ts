/** What nodes answered, put together into one picture. */
import type { PlainValue, StateValue } from '../insight/notes.js';
import type { RingMessage, RingNode } from '../wire/ring-message.js';
import { isFields, type Fields } from './fields.js';
import { countedBetween, noRates, ratesOf } from './rates.js';
import type {
  ChartInstance,
  ClusterPicture,
  NodePicture,
  NodeView,
  ProcessPicture,
  Reach,
  StatusPicture,
} from './wire.js';

export interface Answered {
  readonly status: StatusPicture;
  /** When, by the clock of this process. */
  readonly atMs: number;
  /** As the node said it. */
  readonly view: Fields | undefined;
  /** What it had answered before that. */
  readonly before: StatusPicture | undefined;
}

export interface PictureParts {
  readonly atMs: number;
  readonly nowMs: number;
  readonly servers: string;
  readonly ring: RingMessage | undefined;
  readonly answered: ReadonlyMap<string, Answered>;
  readonly refusals: ReadonlyMap<string, string>;
  readonly processes: ReadonlyMap<string, ProcessPicture>;
  /** Of who started them. */
  readonly charts: readonly ChartInstance[];
}

export function pictureOf(parts: PictureParts): ClusterPicture {
  const { atMs, nowMs, servers, ring, answered, charts } = parts;
  const ids = new Set([...(ring?.nodes ?? []).map(({ id }) => id), ...answered.keys()]);
  const nodes = [...ids].map((id) => nodeOf(id, parts)).sort(byName);
  const latest = [...answered.values()].filter((one) => one.atMs === nowMs);
  return {
    atMs,
    servers,
    nodes,
    ring: ring ?? null,
    rates: ratesOf(latest.flatMap(({ before, status }) => countedBetween(before, status) ?? [])),
    ...(charts.length > 0 && { charts }),
    problems: problemsOf(parts, latest),
  };
}

function nodeOf(id: string, { ring, answered, nowMs, processes }: PictureParts): NodePicture {
  const known = answered.get(id);
  const told = ring?.nodes.find((node) => node.id === id);
  const label = told ?? known!.status;
  const isFresh = known?.atMs === nowMs;
  const counted = isFresh ? countedBetween(known.before, known.status) : undefined;
  // A process is known by the name it was started with.
  const process = processes.get(known?.status.startedAs ?? label.name);
  return {
    id,
    name: label.name,
    host: label.host,
    zone: label.zone,
    status: known?.status ?? null,
    silentMs: known === undefined ? 0 : nowMs - known.atMs,
    reach: reachOf(told, isFresh),
    isRemoved: told?.removed === true,
    isLeaving: told?.leaving === true,
    view: known?.view === undefined || !isFresh ? null : viewIn(known.view),
    rates: counted === undefined ? noRates : ratesOf([counted]),
    ...(process !== undefined && { process }),
  };
}

/** Where no ring is known, who answers is alive. */
function reachOf(told: RingNode | undefined, isFresh: boolean): Reach {
  return told?.reachability ?? (isFresh ? 'alive' : 'down');
}

function problemsOf({ ring, refusals }: PictureParts, latest: readonly Answered[]): string[] {
  if (latest.length === 0 && ring === undefined)
    return ['No node answers: the cluster is not there, or NATS can’t be reached.'];
  // Who does not answer at all is shown as that.
  const reasons = latest.map(({ status }) => refusals.get(status.id));
  const [why] = reasons;
  if (why === undefined || reasons.includes(undefined)) return [];
  return [
    `The nodes tell nothing of what goes on in them (${why}). With the password of the nodes they do.`,
  ];
}

/** What is not as it should be is not there. */
function viewIn(view: Fields): NodeView {
  const reach: Record<string, Reach> = {};
  for (const [id, how] of Object.entries(fieldsIn(view['reach'])))
    if (how === 'alive' || how === 'suspect' || how === 'down') reach[id] = how;
  const hints: Record<string, number> = {};
  for (const [id, count] of Object.entries(fieldsIn(view['hints'])))
    if (typeof count === 'number') hints[id] = count;
  const absent = listIn(view['absent']).filter((id) => typeof id === 'string');
  const charts = listIn(view['charts']).flatMap((chart) => chartIn(chart) ?? []);
  const differing = view['differing'];
  return {
    reach,
    absent,
    hints,
    charts,
    ...(differing !== undefined && { differing: listIn(differing).filter(isPartition) }),
  };
}

function isPartition(value: PlainValue): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function chartIn(value: PlainValue): ChartInstance | undefined {
  const { chart, instance, state, context } = fieldsIn(value);
  if (typeof chart !== 'string' || typeof instance !== 'string') return undefined;
  return {
    chart,
    instance,
    state: (state ?? null) as StateValue | null,
    ...(context !== undefined && { context: context as PlainValue }),
  };
}

function fieldsIn(value: Fields[string] | PlainValue | undefined): Fields {
  return isFields(value) ? value : {};
}

function listIn(value: Fields[string] | undefined): PlainValue[] {
  return Array.isArray(value) ? (value as PlainValue[]) : [];
}

/** n2 before n10. */
function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name.localeCompare(b.name, 'en', { numeric: true });
}

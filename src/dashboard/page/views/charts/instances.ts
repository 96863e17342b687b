/**
 * The instances of charts that were heard of, each with its last steps. Rounds come and go by the
 * thousand: of each chart the latest are kept, and of those who have ended the oldest go first.
 */
import { dashboardLimits } from '../../../../../actors/rules/limits/dashboard.js';
import type {
  ChartInstance,
  ChartNote,
  ClusterPicture,
  EventNote,
  NodePicture,
  Note,
  PlainValue,
  StateValue,
} from '../../../wire.js';
import { upName } from '../../../../insight/notes.js';
import { BoundedList } from '../../bounded-list.js';

/** What an instance came to by one event. */
export interface Step {
  /** Of the first, which was there when it was looked for: the moment of looking. */
  readonly atUs: number;
  readonly event: string;
  readonly state: StateValue | null;
  readonly context: PlainValue | undefined;
  readonly isFinal: boolean;
}

export interface Instance {
  readonly key: string;
  readonly chart: string;
  /** Id of the node. */
  readonly node: string;
  readonly name: string;
  readonly steps: BoundedList<Step>;
}

/** Event of a step nobody saw happen. */
export const seenThere = '';
/** As it is read: no event of a chart has spaces. */
export const nodeGone = 'its node is silent or gone';

type SeenPicture = Pick<ClusterPicture, 'nodes' | 'charts' | 'atMs'>;

export class InstanceBook {
  /** The time of the latest note. */
  atUs = 0;
  private readonly charts = new Map<string, Kept>();
  /** How long each node has been there, as it last said. */
  private readonly uptimes = new Map<string, number>();
  /** Those that were seen to be somewhere else than noted, and how many steps they had by then. */
  private readonly doubted = new WeakMap<Instance, number>();

  take(notes: readonly Note[]): void {
    for (const note of notes) {
      if (note.kind === 'event' && isOfItsLife(note)) this.nodeEnds(note.node, note.atUs);
      if (note.kind !== 'chart') continue;
      this.atUs = note.atUs;
      this.instanceOf(note)?.steps.push([stepOf(note)]);
    }
  }

  /** Those that have not stirred since anybody listened, and what no note has said. */
  takePicture({ nodes, charts = [], atMs }: SeenPicture): void {
    const atUs = atMs * 1000;
    for (const one of charts) this.takeSeen(upName, one, atUs);
    for (const node of nodes) {
      if (this.isGone(node)) this.nodeEnds(node.id, atUs);
      for (const one of node.view?.charts ?? []) this.takeSeen(node.id, one, atUs);
    }
  }

  private takeSeen(node: string, seen: ChartInstance, atUs: number): void {
    const { chart, instance, state, context } = seen;
    const known = this.find(chart, keyOf(node, instance));
    if (known !== undefined && !this.isOtherwise(known, state)) return;
    const step = { atUs, event: seenThere, state, context, isFinal: false };
    this.instanceOf({ chart, node, instance })?.steps.push([step]);
  }

  /** Whether notes of it were lost: seen once only, they may be on their way. */
  private isOtherwise(known: Instance, state: StateValue | null): boolean {
    const { last, next } = known.steps;
    if (last?.event === nodeGone) return true;
    const isAsNoted = last?.isFinal !== true && isSame(last?.state, state);
    const isSeenAgain = !isAsNoted && this.doubted.get(known) === next;
    if (isAsNoted || isSeenAgain) this.doubted.delete(known);
    else this.doubted.set(known, next);
    return isSeenAgain;
  }

  /** It is believed down and says nothing, or is another process than before. */
  private isGone({ id, status, reach, view }: NodePicture): boolean {
    const before = this.uptimes.get(id) ?? 0;
    if (status !== null) this.uptimes.set(id, status.uptimeMs);
    return (reach === 'down' && view === null) || (status !== null && status.uptimeMs < before);
  }

  /** What it ran ended with it, and nobody says so. */
  private nodeEnds(node: string, atUs: number): void {
    const end = { atUs, event: nodeGone, state: null, context: undefined, isFinal: true };
    for (const { instances } of this.charts.values())
      for (const instance of instances.values())
        if (instance.node === node && !hasEnded(instance)) instance.steps.push([end]);
  }

  /** The latest first. */
  of(chart: string): Instance[] {
    return [...(this.charts.get(chart)?.instances.values() ?? [])].toReversed();
  }

  newest(chart: string): Instance | undefined {
    return this.charts.get(chart)?.newest;
  }

  /** How many of the chart have been heard of. */
  begun(chart: string): number {
    return this.charts.get(chart)?.begun ?? 0;
  }

  find(chart: string, key: string): Instance | undefined {
    return this.charts.get(chart)?.instances.get(key);
  }

  /** Undefined: there are too many charts for one more. */
  private instanceOf({
    chart,
    node,
    instance,
  }: Pick<ChartNote, 'chart' | 'node' | 'instance'>): Instance | undefined {
    let kept = this.charts.get(chart);
    if (kept === undefined) {
      if (this.charts.size >= dashboardLimits.chartsKeptMax) return undefined;
      kept = { instances: new Map(), begun: 0, newest: undefined };
      this.charts.set(chart, kept);
    }
    const key = keyOf(node, instance);
    const known = kept.instances.get(key);
    if (known !== undefined) return known;
    if (kept.instances.size >= dashboardLimits.chartInstancesKeptMax) forgetOne(kept.instances);
    const steps = new BoundedList<Step>(dashboardLimits.chartStepsKeptMax);
    const begun: Instance = { key, chart, node, name: instance, steps };
    kept.instances.set(key, begun);
    kept.begun++;
    kept.newest = begun;
    return begun;
  }
}

/** Of one chart. */
interface Kept {
  readonly instances: Map<string, Instance>;
  begun: number;
  newest: Instance | undefined;
}

export function keyOf(node: string, instance: string): string {
  return `${node} ${instance}`;
}

export function hasEnded({ steps }: Instance): boolean {
  return steps.last?.isFinal === true;
}

/** Whatever a node ran before it is over. */
function isOfItsLife({ what }: EventNote): boolean {
  return what === 'start' || what === 'stop';
}

function isSame(a: StateValue | null | undefined, b: StateValue | null): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

function stepOf({ atUs, event, state, context, isFinal }: ChartNote): Step {
  return { atUs, event, state, context, isFinal: isFinal === true };
}

function forgetOne(instances: Map<string, Instance>): void {
  let [oldest] = instances.values();
  for (const instance of instances.values()) {
    if (!hasEnded(instance)) continue;
    oldest = instance;
    break;
  }
  if (oldest !== undefined) instances.delete(oldest.key);
}

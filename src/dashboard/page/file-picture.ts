/** What a cluster looks like at a moment of a trace file, by the notes up to it. */
import { dashboardLimits } from '../../../actors/rules/limits/dashboard.js';
import type {
  ChartInstance,
  ChartNote,
  ClusterPicture,
  EventNote,
  NodeLabel,
  NodePicture,
  Note,
  Rates,
  Reach,
} from '../wire.js';

const noRates: Rates = { puts: 0, gets: 0, failures: 0, p50Ms: null, p99Ms: null };

/**
 * Told the notes in their order. Pictures are made many times a second and are kept: what has not
 * changed from one to the next is the same object.
 */
export class FilePicture {
  /** By the id of the node that sees it so. */
  private readonly reach = new Map<string, Record<string, Reach>>();
  private readonly charts = new Map<string, Map<string, ChartInstance>>();
  private readonly hints = new Map<string, Record<string, number>>();
  private readonly stopped = new Set<string>();
  /** By id, for as long as they are so. */
  private readonly pictured = new Map<string, NodePicture>();
  private nodesPictured: readonly NodePicture[] | undefined;
  private readonly known: ReadonlySet<string>;

  constructor(private readonly nodes: readonly NodeLabel[]) {
    this.known = new Set(nodes.map(({ id }) => id));
  }

  /** Which goes on by itself. */
  copy(): FilePicture {
    const copy = new FilePicture(this.nodes);
    for (const [node, reach] of this.reach) copy.reach.set(node, reach);
    for (const [node, charts] of this.charts) copy.charts.set(node, new Map(charts));
    for (const [node, hints] of this.hints) copy.hints.set(node, hints);
    for (const node of this.stopped) copy.stopped.add(node);
    return copy;
  }

  take(note: Note): void {
    if (!this.known.has(note.node)) return;
    if (note.kind === 'chart') this.takeChart(note);
    else if (note.kind === 'event') this.takeEvent(note);
  }

  at(atUs: number): ClusterPicture {
    this.nodesPictured ??= this.nodes.map((node) => this.node(node));
    return {
      atMs: atUs / 1000,
      servers: '',
      nodes: this.nodesPictured,
      ring: null,
      rates: noRates,
      problems: [],
    };
  }

  private takeEvent({ node, what, about }: EventNote): void {
    if (what === 'start' || what === 'stop') {
      if (what === 'start') this.stopped.delete(node);
      else this.stopped.add(node);
      // They were its process' own.
      this.charts.delete(node);
      this.changed(node);
    }
    if (about === undefined || !this.known.has(about)) return;
    if (what === 'suspect' || what === 'down' || what === 'alive') {
      this.reach.set(node, { ...this.reach.get(node), [about]: what });
      this.changed(node);
      this.changed(about);
    }
    if (what === 'hint' || what === 'handoff') {
      const owed = this.hints.get(node) ?? {};
      const count = what === 'hint' ? (owed[about] ?? 0) + 1 : 0;
      this.hints.set(node, { ...owed, [about]: count });
      this.changed(node);
    }
  }

  private takeChart({ node, chart, instance, state, context, isFinal }: ChartNote): void {
    const charts = this.charts.get(node) ?? new Map<string, ChartInstance>();
    this.charts.set(node, charts);
    const name = `${chart} ${instance}`;
    // So that the last one is who has moved last.
    charts.delete(name);
    if (isFinal !== true)
      charts.set(name, { chart, instance, state, ...(context !== undefined && { context }) });
    if (charts.size > dashboardLimits.fileChartsMax) {
      const [first] = charts.keys();
      charts.delete(first!);
    }
    this.changed(node);
  }

  private changed(node: string): void {
    this.pictured.delete(node);
    this.nodesPictured = undefined;
  }

  private node(label: NodeLabel): NodePicture {
    const known = this.pictured.get(label.id);
    if (known !== undefined) return known;
    const { id, name, host, zone } = label;
    const picture: NodePicture = {
      id,
      name,
      host,
      zone,
      status: null,
      silentMs: 0,
      reach: this.reachOf(id),
      isRemoved: false,
      isLeaving: false,
      view: {
        reach: this.reach.get(id) ?? {},
        absent: [],
        hints: this.hints.get(id) ?? {},
        charts: [...(this.charts.get(id)?.values() ?? [])],
      },
      rates: noRates,
    };
    this.pictured.set(id, picture);
    return picture;
  }

  /** The worst that anybody believes. */
  private reachOf(id: string): Reach {
    if (this.stopped.has(id)) return 'down';
    let worst: Reach = 'alive';
    for (const beliefs of this.reach.values()) {
      const belief = Object.hasOwn(beliefs, id) ? beliefs[id] : undefined;
      if (belief === 'down') return 'down';
      if (belief === 'suspect') worst = 'suspect';
    }
    return worst;
  }
}

/** What a cluster looks like at a moment of a trace file, by the notes up to it. */
import type {
  ChartInstance,
  ClusterPicture,
  NodeLabel,
  NodePicture,
  Note,
  Rates,
  Reach,
} from '../wire.js';

const noRates: Rates = { puts: 0, gets: 0, failures: 0, p50Ms: null, p99Ms: null };

/** Told the notes in their order. */
export class FilePicture {
  /** By the id of the node that sees it so. */
  private readonly reach = new Map<string, Record<string, Reach>>();
  private readonly charts = new Map<string, Map<string, ChartInstance>>();
  private readonly hints = new Map<string, Record<string, number>>();
  private readonly stopped = new Set<string>();

  constructor(private readonly nodes: readonly NodeLabel[]) {}

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
    if (note.kind === 'chart') return this.takeChart(note);
    if (note.kind !== 'event') return;
    const { node, what, about } = note;
    if (what === 'start') this.stopped.delete(node);
    if (what === 'stop') this.stopped.add(node);
    if (about === undefined) return;
    if (what === 'suspect' || what === 'down' || what === 'alive')
      this.reach.set(node, { ...this.reach.get(node), [about]: what });
    if (what === 'hint' || what === 'handoff') {
      const owed = this.hints.get(node) ?? {};
      const count = what === 'hint' ? (owed[about] ?? 0) + 1 : 0;
      this.hints.set(node, { ...owed, [about]: count });
    }
  }

  at(atUs: number): ClusterPicture {
    return {
      atMs: atUs / 1000,
      servers: '',
      nodes: this.nodes.map((node) => this.node(node)),
      ring: null,
      rates: noRates,
      problems: [],
    };
  }

  private takeChart(note: Note & { kind: 'chart' }): void {
    const { node, chart, instance, state, context, isFinal } = note;
    const charts = this.charts.get(node) ?? new Map<string, ChartInstance>();
    this.charts.set(node, charts);
    const name = `${chart} ${instance}`;
    if (isFinal === true) charts.delete(name);
    else charts.set(name, { chart, instance, state, ...(context !== undefined && { context }) });
  }

  private node({ id, name, host, zone }: NodeLabel): NodePicture {
    const seen = new Set([...this.reach.values()].map((reach) => reach[id]));
    const worst = (['down', 'suspect'] as const).find((one) => seen.has(one));
    return {
      id,
      name,
      host,
      zone,
      status: null,
      silentMs: 0,
      reach: this.stopped.has(id) ? 'down' : (worst ?? 'alive'),
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
  }
}

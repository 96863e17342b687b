/**
 * The cluster as a page shows it, once a second, and what its nodes note: asked for while somebody
 * watches, and not otherwise.
 */
import { dashboardLimits } from '../../actors/rules/limits/dashboard.js';
import { upName, type Note } from '../insight/notes.js';
import type { Bus } from '../seams/bus.js';
import type { Clock, TimerId } from '../seams/clock.js';
import type { RingMessage } from '../wire/ring-message.js';
import type { Breaking, MovedChart } from './breaking.js';
import { pictureOf, type Answered } from './cluster-picture.js';
import type { Fields } from './fields.js';
import { everybody, type NodeQuestions } from './node-questions.js';
import { NoteLeases } from './note-leases.js';
import { noRates } from './rates.js';
import type { ClusterPicture, NoteBatch, Sampling } from './wire.js';

export interface FeedOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly questions: NodeQuestions;
  /** Addresses of NATS, without passwords. */
  readonly servers: string;
  readonly breaking: Breaking | undefined;
}

export interface FeedListener {
  pictured(picture: ClusterPicture): void;
  noted(batch: NoteBatch): void;
}

export class ClusterFeed {
  private readonly listeners = new Set<FeedListener>();
  private readonly leases: NoteLeases;
  /** The last answers of each node, by its id. */
  private answered = new Map<string, Answered>();
  private ring: RingMessage | undefined;
  private timer: TimerId;
  private isLooking = false;
  private unwatchUp: (() => void) | undefined;
  private asking: Promise<ClusterPicture> | undefined;
  /** What was wished last; said again, since nodes forget it. */
  sampling: Sampling = { rate: 0, slowMs: 0, failed: false };
  /** The latest of all that was told. */
  private recentNotes: Note[] = [];
  latest: ClusterPicture | undefined;

  constructor(private readonly options: FeedOptions) {
    const { bus, clock, questions } = options;
    this.leases = new NoteLeases({ bus, clock, questions, tell: (batch) => this.tell(batch) });
  }

  /** Until what it returns is called. */
  watch(listener: FeedListener): () => void {
    const isWatched = this.listeners.size > 0;
    this.listeners.add(listener);
    this.unwatchUp ??= this.options.breaking?.watch((chart) => this.moved(chart));
    // While nobody watched the picture grew old.
    if (isWatched && this.latest !== undefined) listener.pictured(this.latest);
    void this.look();
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.rest();
    };
  }

  /** Ids of the nodes that can be asked. */
  async reachable(): Promise<string[]> {
    if (this.latest === undefined || this.listeners.size === 0) await this.once();
    const nodes = this.latest?.nodes ?? [];
    return nodes
      .filter(({ reach, isRemoved }) => reach !== 'down' && !isRemoved)
      .map(({ id }) => id);
  }

  /** What partitions lie where, as it was last told. */
  async ringNow(): Promise<RingMessage | undefined> {
    return (await this.options.questions.ring()) ?? this.ring;
  }

  /** To each node that can be asked; those that say nothing are left out. */
  async askAll(question: Fields): Promise<Map<string, Fields>> {
    const { questions } = this.options;
    const nodes = await this.reachable();
    const answers = await Promise.all(
      nodes.map((id) => questions.insight(id, question, dashboardLimits.longAnswerMsMax)),
    );
    const byNode = new Map<string, Fields>();
    for (const [at, answer] of answers.entries())
      if (answer !== undefined) byNode.set(nodes[at]!, answer);
    return byNode;
  }

  async sample(sampling: Sampling): Promise<void> {
    this.sampling = sampling;
    await this.askAll({ ask: 'sample', ...sampling });
  }

  get recent(): readonly Note[] {
    return this.recentNotes;
  }

  /** For good. */
  stop(): void {
    this.listeners.clear();
    this.rest();
    this.options.questions.stop();
  }

  private rest(): void {
    this.options.clock.clearTimeout(this.timer);
    this.timer = undefined;
    this.leases.stop();
    this.unwatchUp?.();
    this.unwatchUp = undefined;
  }

  private async look(): Promise<void> {
    if (this.isLooking || this.timer !== undefined) return;
    this.isLooking = true;
    const { clock } = this.options;
    const startedMs = clock.monotonicMs();
    const picture = await this.once().catch((error: unknown) => this.failed(error));
    this.isLooking = false;
    if (this.listeners.size === 0) return;
    for (const listener of this.listeners) listener.pictured(picture);
    const leftMs = dashboardLimits.lookPeriodMs - (clock.monotonicMs() - startedMs);
    this.timer = clock.setTimeout(
      () => {
        this.timer = undefined;
        void this.look();
      },
      Math.max(0, leftMs),
    );
  }

  /** Whoever wants it meanwhile gets the same: nodes are asked once. */
  private once(): Promise<ClusterPicture> {
    this.asking ??= this.asked().finally(() => (this.asking = undefined));
    return this.asking;
  }

  /** Beside this, the process may have nodes to care for: it goes on, and the page says why. */
  private failed(error: unknown): ClusterPicture {
    const { clock, servers } = this.options;
    const atMs = clock.wallMs();
    const problems = [`The dashboard failed: ${error instanceof Error ? error.message : 'why?'}`];
    const none = { servers, nodes: [], ring: null, rates: noRates };
    return { ...(this.latest ?? none), atMs, problems };
  }

  private async asked(): Promise<ClusterPicture> {
    const { questions, clock, servers, breaking } = this.options;
    const ring = await questions.ring();
    this.ring = ring;
    const alive = ring?.nodes.filter((node) => node.reachability !== 'down').length ?? 0;
    const asked = ring?.nodes.filter((node) => node.reachability !== 'down') ?? [];
    const [statuses, views] = await Promise.all([
      questions.statuses(alive === 0 ? everybody : alive),
      Promise.all(asked.map(async ({ id }) => [id, await this.viewOf(id)] as const)),
    ]);
    const nowMs = clock.monotonicMs();
    const before = this.answered;
    const viewOf = new Map(views);
    const answered = new Map(before);
    for (const status of statuses) {
      const view = viewOf.get(status.id);
      const last = before.get(status.id)?.status;
      answered.set(status.id, { status, atMs: nowMs, view, before: last });
    }
    const known = [...answered].filter(([id]) => isOf(id, ring, statuses));
    // More than a cluster can have: some of them were none.
    const kept = known.length <= everybody ? known : known.filter(([, { atMs }]) => atMs === nowMs);
    this.answered = new Map(kept);
    if (this.listeners.size > 0) this.renew(statuses);
    this.latest = pictureOf({
      atMs: clock.wallMs(),
      nowMs,
      servers,
      ring,
      answered: this.answered,
      refusals: this.leases.refusals,
      processes: breaking?.processes() ?? new Map(),
      charts: breaking?.charts() ?? [],
    });
    return this.latest;
  }

  private async viewOf(id: string): Promise<Fields | undefined> {
    const view = await this.options.questions.insight(id, { ask: 'view' });
    return view === undefined || 'error' in view ? undefined : view;
  }

  private renew(statuses: readonly { readonly id: string; readonly pid: number }[]): void {
    this.leases.renew(statuses);
    const { sampling } = this;
    if (sampling.rate > 0 || sampling.slowMs > 0 || sampling.failed)
      for (const { id } of statuses)
        void this.options.questions.insight(id, { ask: 'sample', ...sampling });
  }

  private moved(chart: MovedChart): void {
    const atUs = Math.round(this.options.clock.wallMs() * 1000);
    this.tell({ notes: [{ ...chart, atUs, node: upName }], dropped: 0 });
  }

  private tell(batch: NoteBatch): void {
    const { notesKeptMax } = dashboardLimits;
    this.recentNotes.push(...batch.notes);
    // Seldom, since all of them are moved.
    if (this.recentNotes.length > 2 * notesKeptMax)
      this.recentNotes = this.recentNotes.slice(-notesKeptMax);
    for (const listener of this.listeners) listener.noted(batch);
  }
}

/** Who was forgotten by the cluster is forgotten here. */
function isOf(
  id: string,
  ring: RingMessage | undefined,
  statuses: readonly { readonly id: string }[],
): boolean {
  if (ring === undefined) return true;
  return ring.nodes.some((node) => node.id === id) || statuses.some((status) => status.id === id);
}

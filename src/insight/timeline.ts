/**
 * What happened to this node and, as far as it knows, to the others: a ring of events. Beliefs and
 * configurations are noted when they change; what the background does is read off its counters now
 * and then, so that nothing has to tell of itself.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { insightLimits } from '../../actors/rules/limits/insight.js';
import type { ClusterView } from '../membership/cluster-view.js';
import type { Clock, TimerId } from '../seams/clock.js';
import type { Metrics } from '../seams/metrics.js';
import type { Hints } from '../store/store.js';
import { countWithin } from './bytes-within.js';
import { NoteClock } from './note-clock.js';
import type { EventNote, EventWhat, PlainValue } from './notes.js';

export interface TimelineSources {
  readonly clock: Clock;
  readonly self: NodeId;
  readonly view: Pick<ClusterView, 'members' | 'configuration' | 'onChange'>;
  readonly metrics: Pick<Metrics, 'counted'>;
  readonly hints: Pick<Hints, 'targets' | 'counters'>;
  /** Why it takes no writes, or hears nobody; undefined: it is well. */
  readonly ill: () => string | undefined;
}

/** What a counter that has risen means: of one, and of several. */
const risen: readonly (readonly [
  counter: string,
  what: EventWhat,
  one: string,
  several: (by: number) => string,
])[] = [
  [
    'handoff.delivered',
    'handoff',
    'a hint was taken by its primary',
    (by) => `${by} hints were taken by their primaries`,
  ],
  [
    'handoff.rehomed',
    'handoff',
    'a hint was taken by all other owners instead',
    (by) => `${by} hints were taken by all other owners instead`,
  ],
  [
    'exchange.pulled',
    'exchange',
    'a state that differed was fetched',
    (by) => `${by} states that differed were fetched`,
  ],
  [
    'exchange.pushed',
    'exchange',
    'a state that differed was sent',
    (by) => `${by} states that differed were sent`,
  ],
  [
    'transfer.partitions',
    'move',
    'a partition was received',
    (by) => `${by} partitions were received`,
  ],
  [
    'release.dropped',
    'move',
    'a key that is not its own any more was dropped',
    (by) => `${by} keys that are not its own any more were dropped`,
  ],
  [
    'collection.collected',
    'collection',
    'a tombstone or expired key was forgotten',
    (by) => `${by} tombstones and expired keys were forgotten`,
  ],
];

export class Timeline {
  onEvent: ((note: EventNote) => void) | undefined;
  private readonly time: NoteClock;
  private events: EventNote[] = [];
  /** Events that were forgotten since the start. */
  private forgotten = 0;
  private timer: TimerId;
  private readonly counts = new Map<string, number>();
  private readonly owed = new Map<NodeId, number>();
  private illness: string | undefined;

  constructor(private readonly sources: TimelineSources) {
    this.time = new NoteClock(sources.clock);
  }

  start(): void {
    const { view } = this.sources;
    this.add('start', 'the node has started');
    for (const [counter] of risen) this.counts.set(counter, this.sources.metrics.counted(counter));
    view.onChange((change) => {
      if (change.kind === 'ring')
        this.add('configuration', `layout ${view.configuration} is gone by`);
      else this.add(change.now, `${this.nameOf(change.node)} is ${change.now}`, change.node);
    });
    this.lookIn();
  }

  stop(): void {
    if (this.timer === undefined) return;
    this.sources.clock.clearTimeout(this.timer);
    this.timer = undefined;
    this.add('stop', 'the node stops');
  }

  add(what: EventWhat, text: string, about?: NodeId, detail?: PlainValue): void {
    const note: EventNote = {
      atUs: this.time.nowUs(),
      node: this.sources.self,
      kind: 'event',
      what,
      ...(about !== undefined && { about }),
      text,
      ...(detail !== undefined && { detail }),
    };
    this.events.push(note);
    if (this.events.length > 2 * insightLimits.timelineMax) {
      this.forgotten += this.events.length - insightLimits.timelineMax;
      this.events = this.events.slice(-insightLimits.timelineMax);
    }
    this.onEvent?.(note);
  }

  /** Those behind the first `after` since the start; `next`: for the question that follows. */
  since(after: number): { readonly notes: readonly EventNote[]; readonly next: number } {
    const { answerBytesMax, timelineMax } = insightLimits;
    const oldest = this.forgotten + Math.max(0, this.events.length - timelineMax);
    const from = Math.max(after, oldest) - this.forgotten;
    const behind = this.events.slice(from);
    const notes = behind.slice(0, countWithin(behind, answerBytesMax));
    return { notes, next: this.forgotten + Math.min(from, this.events.length) + notes.length };
  }

  private nameOf(node: NodeId): string {
    return this.sources.view.members().find(({ id }) => id === node)?.name ?? node;
  }

  private lookIn(): void {
    const { clock, metrics } = this.sources;
    for (const [counter, what, one, several] of risen) {
      const count = metrics.counted(counter);
      const by = count - this.counts.get(counter)!;
      this.counts.set(counter, count);
      if (by > 0) this.add(what, by === 1 ? one : several(by));
    }
    this.lookAtHints();
    this.lookAtHealth();
    this.timer = clock.setTimeout(() => this.lookIn(), insightLimits.lookInMs);
  }

  private lookAtHints(): void {
    const { hints } = this.sources;
    const targets = hints.targets();
    for (const node of targets) {
      const { count } = hints.counters(node);
      if (count > (this.owed.get(node) ?? 0)) {
        const keys = count === 1 ? 'a key is' : `${count} keys are`;
        this.add('hint', `${keys} owed to ${this.nameOf(node)}`, node);
      }
      this.owed.set(node, count);
    }
    for (const node of this.owed.keys()) {
      if (targets.includes(node)) continue;
      this.owed.delete(node);
      this.add('handoff', `nothing is owed to ${this.nameOf(node)} any more`, node);
    }
  }

  private lookAtHealth(): void {
    const illness = this.sources.ill();
    if (illness === this.illness) return;
    this.illness = illness;
    if (illness === undefined) this.add('well', 'the node is well again');
    else this.add('ill', illness);
  }
}

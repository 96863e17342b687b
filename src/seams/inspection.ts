/**
 * A window into a node's statecharts that costs nothing while it is shut. Whoever creates actors
 * takes their options from here: long-lived ones are attached, so that watching can start at any
 * time; of short-lived ones (rounds) that begin while someone watches so many a second are seen,
 * whole, and the others are counted.
 *
 * Several may watch at once. Each sees plain copies, made when it happened (`inspection-view.ts`),
 * in its own time (`observer-queue.ts`): nobody gets hold of an actor, and none can hurt the node
 * or the others.
 */
import { inject, injectable } from 'tsyringe';
import type { AnyActorRef, InspectionEvent, Subscription } from 'xstate';
import { insightLimits } from '../../actors/rules/limits/insight.js';
import { inspectionLimits } from '../../actors/rules/limits/inspection.js';
import { Clock } from './clock.js';
import { plainInspection } from './inspection-view.js';
import { ObserverQueue, type InspectionObserver } from './observer-queue.js';
import { ShownShare } from './shown-share.js';

export type { InspectionObserver };

export interface ActorOptions {
  readonly clock: Clock;
  readonly inspect?: InspectionObserver;
}

/** A chart, as far as it may be looked at. */
export interface ShownActor {
  readonly id?: string;
  readonly sessionId: string;
  readonly logic?: { readonly config?: { readonly id?: unknown } };
  getSnapshot(): { readonly status: string; readonly value?: unknown; readonly context?: unknown };
}

@injectable()
export class Inspection {
  private readonly unwatched: ActorOptions;
  private readonly watched: ActorOptions;
  private readonly attached = new Map<AnyActorRef, Subscription | undefined>();
  private readonly observers = new Set<ObserverQueue>();
  /** Of the short-lived ones; undefined while nobody watches. */
  private share: ShownShare | undefined;
  private unshownBefore = 0;
  /** What XState knows of; it tells all of them. */
  private readonly all: InspectionObserver = { next: (event) => this.tell(event) };

  constructor(@inject(Clock) private readonly clock: Clock) {
    this.unwatched = { clock };
    this.watched = { clock, inspect: this.all };
  }

  /**
   * For `createActor(machine, { ...actorOptions, input })` of one short-lived actor, as it is made:
   * whether that one is seen is decided here.
   */
  get actorOptions(): ActorOptions {
    return this.share === undefined || !this.share.shows() ? this.unwatched : this.watched;
  }

  /** Short-lived ones that began while somebody watched and were not seen, since the start. */
  get unshown(): number {
    return this.unshownBefore + (this.share?.unshown ?? 0);
  }

  get watching(): boolean {
    return this.observers.size > 0;
  }

  /** Long-lived root actors, created with `{ clock }` alone; call it before `start()`. */
  attach(actor: AnyActorRef): void {
    if (this.watching) introduce(actor, this.all);
    this.attached.set(actor, this.watching ? actor.system.inspect(this.all) : undefined);
  }

  /** Before it is stopped: that it ends is the last that is told of it. */
  detach(actor: AnyActorRef): void {
    this.attached.delete(actor);
  }

  /**
   * Long-lived charts and what they have invoked, as they are now; what is seen of them is the
   * caller's to copy.
   */
  attachedCharts(): ShownActor[] {
    return [...this.attached.keys()].flatMap(withChildren);
  }

  /**
   * Until the subscription ends. `observer.error` is called once, and then nothing more, when it
   * threw or does not keep up. Of rounds that began while others watched it hears from now on.
   * Throws when as many watch as may.
   */
  watch(observer: InspectionObserver): Subscription {
    if (this.observers.size >= inspectionLimits.observersMax)
      throw new Error(`${this.observers.size} observers watch already`);
    const queue = new ObserverQueue(this.clock, observer, () => this.dismiss(queue));
    if (!this.watching) this.open();
    this.observers.add(queue);
    const newcomer: InspectionObserver = { next: (event) => queue.add(plainInspection(event)) };
    for (const actor of this.attached.keys()) introduce(actor, newcomer);
    return { unsubscribe: () => this.dismiss(queue) };
  }

  /** Nobody watches any more. */
  unwatch(): void {
    for (const queue of this.observers) this.dismiss(queue);
  }

  private tell(event: InspectionEvent): void {
    if (!this.watching) return;
    const shown = plainInspection(event);
    for (const queue of this.observers) queue.add(shown);
  }

  private dismiss(queue: ObserverQueue): void {
    queue.end();
    if (this.observers.delete(queue) && !this.watching) this.shut();
  }

  private open(): void {
    this.share = new ShownShare(this.clock, insightLimits.roundsShownPerSecond);
    for (const actor of this.attached.keys())
      this.attached.set(actor, actor.system.inspect(this.all));
  }

  private shut(): void {
    this.unshownBefore = this.unshown;
    this.share = undefined;
    for (const [actor, subscription] of this.attached) {
      subscription?.unsubscribe();
      this.attached.set(actor, undefined);
    }
  }
}

/**
 * XState tells of an actor when it is created; who starts watching later is told now, of its
 * children as well.
 */
function introduce(actor: AnyActorRef, to: InspectionObserver, rootId = actor.sessionId): void {
  to.next?.({ type: '@xstate.actor', rootId, actorRef: actor });
  for (const child of childrenOf(actor)) introduce(child, to, rootId);
}

function withChildren(actor: AnyActorRef): AnyActorRef[] {
  return [actor, ...childrenOf(actor).flatMap(withChildren)];
}

function childrenOf(actor: AnyActorRef): AnyActorRef[] {
  const { children } = actor.getSnapshot() as { children?: Record<string, AnyActorRef> };
  return Object.values(children ?? {});
}

/**
 * What a chart wants done, done in that order once the chart stands in its next state: effects that
 * ask where it stands, or tell others, go by that one and not by the one it is about to leave.
 */
import type { AnyActorRef } from 'xstate';

export class Orders {
  private readonly deeds: (() => void)[] = [];
  private readonly words: (() => void)[] = [];

  /** An action for `provide`. */
  of<P = unknown>(effect: (params: P) => void): (_: unknown, params: P) => void {
    return (_, params) => void this.deeds.push(() => effect(params));
  }

  /**
   * One by which others are told something: they hear of what was done, and not of what will be.
   */
  ofTelling(effect: () => void): () => void {
    return () => void this.words.push(effect);
  }

  /** Before the actor is started. */
  follow(actor: AnyActorRef): void {
    actor.subscribe(() => {
      obey(this.deeds);
      obey(this.words);
    });
  }
}

function obey(orders: (() => void)[]): void {
  for (let next = orders.shift(); next !== undefined; next = orders.shift()) next();
}

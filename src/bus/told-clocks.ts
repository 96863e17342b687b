/**
 * The monotonic clocks of nodes, as they told them: to say until when something is to be done
 * there. Of each node one number.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import {
  afterEcho,
  afterWord,
  momentThere,
  noMoment,
  type Moment,
  type ToldClock,
} from '../../actors/rules/told-clock.js';

export class ToldClocks {
  private readonly known = new Map<NodeId, ToldClock>();

  /**
   * `nowMs`: on the own monotonic clock, read after the word arrived and not at the beginning of a
   * turn.
   */
  told(node: NodeId, moment: Moment, nowMs: number): void {
    const known = this.known.get(node);
    if (known === undefined && this.known.size >= limits.membersMax) this.known.clear();
    this.known.set(node, afterWord(known, moment, nowMs));
  }

  /** When the node's clock showed `toldMs`, the own one showed `ownMs` at least. */
  echoed(node: NodeId, toldMs: number, ownMs: number): void {
    const known = this.known.get(node);
    if (known !== undefined) this.known.set(node, afterEcho(known, toldMs, ownMs));
  }

  /**
   * The moment there that is not after the moment `atMs` here; `noMoment` when the node has told
   * nothing.
   */
  momentAt(node: NodeId, atMs: number, nowMs: number): Moment {
    const known = this.known.get(node);
    return known === undefined ? noMoment : momentThere(known, atMs, nowMs);
  }

  of(node: NodeId): ToldClock | undefined {
    return this.known.get(node);
  }

  drop(node: NodeId): void {
    this.known.delete(node);
  }
}

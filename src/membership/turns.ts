/** Whose turn it is, where there is not room for all at once. */
import type { NodeId } from '../../actors/rules/actor.js';

export class Turns {
  private last = '';

  /** `ids`: ascending. Those behind the last one that had its turn, and on from the first one. */
  next(ids: readonly NodeId[], max: number): NodeId[] {
    const at = ids.findIndex((id) => id > this.last);
    const from = at < 0 ? 0 : at;
    const chosen = [...ids.slice(from), ...ids.slice(0, from)].slice(0, max);
    this.last = chosen.at(-1) ?? this.last;
    return chosen;
  }
}

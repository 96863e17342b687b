/**
 * Of whom news tell. There is room for a bounded number of others: first for those who hang, of
 * whom all are to hear soon, then for others that are doubted, so that the others ask them too;
 * what is left goes round among the rest. A word is said again and again for as long as it is true,
 * to four others a beat: who gets it asks for itself, and then says the same.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { gossipLimits } from '../../actors/rules/limits/gossip.js';
import type { Opinion } from '../wire/protocol/news.js';
import { Turns } from './turns.js';

export class ToldVitals {
  private readonly hanging = new Turns();
  private readonly doubted = new Turns();
  private readonly others = new Turns();

  /** `ids`, and what it returns: ascending. */
  next(ids: readonly NodeId[], opinionOf: (id: NodeId) => Opinion): readonly NodeId[] {
    const { newsVitalsMax, newsDoubtsMax } = gossipLimits;
    if (ids.length <= newsVitalsMax) return ids;
    const opinions = ids.map(opinionOf);
    const hanging = ids.filter((_, i) => opinions[i] === 'down');
    const doubted = ids.filter((_, i) => opinions[i] !== 'down' && opinions[i] !== 'heard');
    const first = [
      ...this.hanging.next(hanging, newsDoubtsMax),
      ...this.doubted.next(doubted, newsDoubtsMax),
    ];
    const rest = ids.filter((id) => !first.includes(id));
    return [...first, ...this.others.next(rest, newsVitalsMax - first.length)].sort();
  }
}

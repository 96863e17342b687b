/** What a watch follows at one node: some partitions, from one number of its changes on. */
import type { NodeId } from '../../actors/rules/actor.js';
import type { StorageKey } from '../../actors/rules/key.js';
import type { Place } from '../../actors/rules/leads.js';
import type { FeedLife } from '../wire/protocol/feed.js';
import type { Asked } from './feed-peers.js';

export class Strand {
  /** Undefined: it is told changes. Else all keys first, and how far those are. */
  keysAfter: StorageKey | undefined;
  /** '' until the first answer. */
  life: FeedLife = '';
  /** All its changes up to this one were told. */
  position = 0;
  /** From this one on it is up to date; undefined: not known yet. */
  target: number | undefined;
  /** A question under way. */
  asked: Asked | undefined;
  /** No question before that. */
  restsUntilMs = 0;

  constructor(
    readonly node: NodeId,
    readonly partitions: Set<number>,
    from: Pick<Place, 'life' | 'position'> | undefined,
    /** Its keys are what the watch begins with, not what it lost. */
    readonly isFirst: boolean,
  ) {
    if (from === undefined) this.keysAfter = '';
    else {
      this.life = from.life;
      this.position = from.position;
    }
  }

  get isCaughtUp(): boolean {
    return (
      this.keysAfter === undefined && this.target !== undefined && this.position >= this.target
    );
  }

  /** Undefined while keys are told: nobody could go on from there. */
  get place(): Place | undefined {
    const { node, life, position, partitions } = this;
    return this.keysAfter === undefined
      ? { node, life, position, partitions: new Set(partitions) }
      : undefined;
  }

  /** Both are up to date, at one life of one node. */
  take(other: Strand): void {
    for (const partition of other.partitions) this.partitions.add(partition);
    this.position = Math.min(this.position, other.position);
    this.target = this.position;
  }

  drop(): void {
    this.asked?.drop();
    this.asked = undefined;
  }
}

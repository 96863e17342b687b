/** How this node and those it meets become a cluster; the rules are in `actors/rules/founding.ts`. */
import type { NodeId } from '../../actors/rules/actor.js';
import {
  confirms,
  type FoundingVote,
  isFoundedBy,
  noVote,
  voteAfter,
} from '../../actors/rules/founding.js';
import type { News } from '../wire/protocol/news.js';
import type { Roster } from './roster.js';

export class Founding {
  /** On disk: others are told nothing else, and only then is it acted upon. */
  vote: FoundingVote = noVote;
  /** On its way to the disk. */
  private next: FoundingVote = noVote;
  /** What others said last about whom they met. */
  private readonly said = new Map<NodeId, readonly NodeId[]>();
  /** Who has the list that this node is to store, or has stored. */
  private readonly confirmed = new Set<NodeId>();

  constructor(
    private readonly options: {
      readonly roster: Roster;
      readonly foundersMin: number;
      readonly isReachable: (node: NodeId) => boolean;
      /** Makes the vote durable, then calls back. */
      readonly save: (done: () => void) => void;
      readonly tell: () => void;
      readonly onFounded: () => void;
    },
  ) {}

  restore(vote: FoundingVote): void {
    this.vote = vote;
    this.next = vote;
    this.options.roster.activate(vote.founders);
  }

  get founded(): boolean {
    return this.vote.founders.length > 0;
  }

  /** To be written down. */
  get wanted(): FoundingVote {
    return this.next;
  }

  /** The founders of this node's cluster, or those it has agreed to found one with; ascending. Empty: none. */
  get list(): readonly NodeId[] {
    const { founders, stored } = this.next;
    return founders.length > 0 ? founders : stored;
  }

  /** Whom this node would found a cluster with; ascending, itself included. Once it agreed it says nothing else. */
  met(): readonly NodeId[] {
    if (this.list.length > 0) return this.list;
    return this.options.roster
      .all()
      .filter(({ id, status }) => status !== 'left' && this.options.isReachable(id))
      .map(({ id }) => id);
  }

  /** Of those this node agreed with, who has not said yet that it has stored the same. */
  unconfirmed(): NodeId[] {
    const { self } = this.options.roster;
    return this.vote.stored.filter((id) => id !== self.id && !this.confirmed.has(id));
  }

  /** Why this node holds no partitions; undefined when it does. */
  waitingFor(): string | undefined {
    const { roster, foundersMin } = this.options;
    if (roster.self.status === 'active') return undefined;
    if (roster.self.status === 'left') return 'this node has left the cluster';
    if (roster.active().length > 0)
      return 'the cluster was founded without this node, and a cluster that holds data does not take new nodes yet';
    const missing = this.unconfirmed().map((id) => roster.get(id)?.name ?? id);
    if (missing.length > 0)
      return `waiting for ${missing.join(', ')} to confirm that the nodes that met here found one cluster; if it is gone for good and no node serves, start all others with empty data directories`;
    return `waiting for nodes to found a cluster with: ${this.met().length} of ${foundersMin} are here`;
  }

  hear(from: NodeId, { vitals, vote }: News): void {
    if (this.founded) return;
    const reached = vitals.filter(({ id, opinion }) => id === from || opinion !== 'down');
    this.said.set(
      from,
      reached.map(({ id }) => id),
    );
    const { roster } = this.options;
    this.change(voteAfter(this.next, { self: roster.self.id, from, told: vote }));
    if (confirms(this.next, vote)) this.confirmed.add(from);
    if (this.list.length === 0) roster.activate(vote.founders);
    this.conclude();
  }

  forget(node: NodeId): void {
    this.said.delete(node);
  }

  /** Agrees to found a cluster when everyone who is here agrees who is. */
  consider(): void {
    const { roster, foundersMin } = this.options;
    if (this.founded || this.list.length > 0 || roster.active().length > 0) return;
    const met = this.met();
    const { said } = this;
    if (isFoundedBy({ met, said, self: roster.self.id, founders: foundersMin }))
      this.change({ ...this.next, stored: met });
    this.conclude();
  }

  /** Founds the cluster once all of the list have it on disk, and are known. */
  private conclude(): void {
    const { vote, next } = this;
    if (vote !== next || vote.stored.length === 0 || this.founded) return;
    if (this.unconfirmed().length === 0) this.change({ ...vote, founders: vote.stored });
  }

  private change(next: FoundingVote): void {
    const { roster, save, tell, onFounded } = this.options;
    if (next === this.next || !next.founders.every((id) => roster.get(id) !== undefined)) return;
    const { attempt, stored } = this.next;
    if (attempt !== next.attempt || stored !== next.stored) this.confirmed.clear();
    this.next = next;
    roster.revision++;
    save(() => {
      if (this.next !== next || this.vote === next) return;
      this.vote = next;
      if (!this.founded) {
        tell();
        this.conclude();
        return;
      }
      roster.activate(next.founders);
      this.said.clear();
      onFounded();
    });
  }
}

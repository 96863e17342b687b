/** How this node and those it meets become a cluster; the rule is `isFoundedBy`. */
import type { NodeId } from '../../actors/rules/actor.js';
import { isFoundedBy } from '../../actors/rules/membership.js';
import type { News } from './member-codec.js';
import type { Roster } from './roster.js';

export class Founding {
  /** Ascending; empty while this node is of no cluster. */
  founders: readonly NodeId[] = [];
  /** Agreed on, and on its way to the disk: a node that serves must know its cluster when it comes back. */
  agreed: readonly NodeId[] | undefined;
  /** What others said last about whom they met. */
  private readonly said = new Map<NodeId, readonly NodeId[]>();

  constructor(
    private readonly options: {
      readonly roster: Roster;
      readonly foundersMin: number;
      readonly isReachable: (node: NodeId) => boolean;
      /** Makes the agreement durable, then calls back. */
      readonly save: (done: () => void) => void;
      readonly onFounded: () => void;
    },
  ) {}

  get founded(): boolean {
    return this.founders.length > 0;
  }

  /** Whom this node would found a cluster with; ascending, itself included. Once it agreed it says nothing else. */
  met(): readonly NodeId[] {
    if (this.agreed !== undefined) return this.agreed;
    return this.options.roster
      .all()
      .filter(({ id, status }) => status !== 'left' && this.options.isReachable(id))
      .map(({ id }) => id);
  }

  hear(from: NodeId, { vitals, founders }: News): void {
    if (this.founded) return;
    const reached = vitals.filter(({ id, opinion }) => id === from || opinion !== 'down');
    this.said.set(
      from,
      reached.map(({ id }) => id),
    );
    const { roster } = this.options;
    if (founders.includes(roster.self.id)) this.agree(founders);
    else roster.activate(founders);
  }

  forget(node: NodeId): void {
    this.said.delete(node);
  }

  /** Founds the cluster when everyone who is here agrees who is. */
  consider(): void {
    const { roster, foundersMin } = this.options;
    if (this.founded || this.agreed !== undefined || roster.active().length > 0) return;
    const met = this.met();
    const { said } = this;
    if (isFoundedBy({ met, said, self: roster.self.id, founders: foundersMin })) this.agree(met);
  }

  private agree(founders: readonly NodeId[]): void {
    if (this.agreed !== undefined) return;
    this.agreed = founders;
    this.options.roster.revision++;
    this.options.save(() => {
      this.agreed = undefined;
      this.founders = founders;
      this.options.roster.activate(founders);
      this.said.clear();
      this.options.onFounded();
    });
  }
}

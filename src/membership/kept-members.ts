/**
 * What this node keeps on its disk of its cluster, and what it begins with when it starts again.
 */
import type { FoundingVote } from '../../actors/rules/founding.js';
import type { Member } from '../../actors/rules/membership.js';
import type { Buckets } from '../buckets/buckets.js';
import type { Tables } from '../seams/table.js';
import { MemberTable } from './member-table.js';
import { type Holds, keptReplicas, type Replicas, replicasConflict } from './replicas.js';
import type { Roster } from './roster.js';

export interface KeptMembersOptions {
  readonly tables: Tables;
  readonly buckets: Buckets;
  readonly roster: Roster;
  /** Whether the configuration on disk says what buckets promise. */
  readonly isBooked: () => boolean;
  /** To be on disk. */
  readonly vote: () => FoundingVote;
}

export class KeptMembers {
  /** Of this node's store. */
  holds: Holds = () => false;
  private readonly table: MemberTable;

  constructor(private readonly options: KeptMembersOptions) {
    const { tables, buckets, roster, vote } = options;
    this.table = new MemberTable(tables, () => ({
      vote: vote(),
      members: roster.allRows(),
      replicas: keptReplicas(buckets),
      revision: roster.revision,
    }));
  }

  /**
   * Into the roster; what this node had voted is returned. Throws `RangeError` when N is not that
   * of the data, and `MalformedError` when what is on disk can't be read.
   */
  restore(): FoundingVote {
    const { roster } = this.options;
    const { vote, members, replicas } = this.table.load();
    this.checkReplicas(replicas);
    const { id } = roster.self;
    roster.mark(members.filter(({ removed }) => removed === true).map((member) => member.id));
    for (const member of members) {
      if (member.id !== id) roster.learn(member, { direct: true });
      // Whoever founds a cluster with those it agreed with goes by the places they had then.
      else roster.restore(member, { keepsPlace: hasPlace(member, vote) });
    }
    return vote;
  }

  /** Where the configuration says what buckets are, it says where their keys lie. */
  private checkReplicas(kept: Replicas | undefined): void {
    const { buckets, isBooked } = this.options;
    if (kept === undefined || isBooked()) return;
    const conflict = replicasConflict(kept, keptReplicas(buckets), this.holds);
    if (conflict !== undefined) throw new RangeError(conflict);
  }

  /** `done` is called once what is current now, or something later, is on disk. */
  save(done?: () => void): void {
    this.table.save(done);
  }
}

function hasPlace({ id, status }: Member, { founders, stored }: FoundingVote): boolean {
  return status !== 'joining' || founders.includes(id) || stored.includes(id);
}

/**
 * What this node keeps on its disk of its cluster, and what it begins with when it starts again.
 */
import type { FoundingVote } from '../../actors/rules/founding.js';
import type { Buckets } from '../buckets/buckets.js';
import type { Tables } from '../seams/table.js';
import { MemberTable } from './member-table.js';
import type { Problems } from './problems.js';
import { type Holds, type Replicas, replicasConflict, toldReplicas } from './replicas.js';
import type { Roster } from './roster.js';

export interface KeptMembersOptions {
  readonly tables: Tables;
  readonly buckets: Buckets;
  readonly roster: Roster;
  readonly problems: Problems;
  /** To be on disk. */
  readonly vote: () => FoundingVote;
}

export class KeptMembers {
  /** Of this node's store. */
  holds: Holds = () => false;
  private readonly table: MemberTable;
  private readonly replicas: Replicas;

  constructor(private readonly options: KeptMembersOptions) {
    const { tables, buckets, roster, vote } = options;
    this.replicas = toldReplicas(buckets);
    this.table = new MemberTable(tables, () => ({
      vote: vote(),
      members: roster.all(),
      replicas: this.replicas,
      revision: roster.revision,
    }));
  }

  /**
   * Into the roster; what this node had voted is returned. Throws `RangeError` when N is not that
   * of the data, and `MalformedError` when what is on disk can't be read.
   */
  restore(): FoundingVote {
    const { roster, problems } = this.options;
    const { vote, members, replicas } = this.table.load();
    const conflict = replicas && replicasConflict(replicas, this.replicas, this.holds);
    if (conflict !== undefined) throw new RangeError(conflict);
    const { id } = roster.self;
    for (const member of members) {
      if (member.id === id) {
        // Whoever founds a cluster with those it agreed with goes by the places they had then.
        const keepsPlace = vote.founders.includes(id) || vote.stored.includes(id);
        const kept = roster.restore(member, { keepsPlace });
        if (kept !== undefined) problems.report('place', kept);
      } else roster.learn(member, { direct: true });
    }
    return vote;
  }

  /** `done` is called once what is current now, or something later, is on disk. */
  save(done?: () => void): void {
    this.table.save(done);
  }
}

/**
 * The members a node knows, on its disk: so that it knows its ring at once when it starts again.
 * Heartbeats are not written.
 */
import { type FoundingVote, noVote } from '../../actors/rules/founding.js';
import type { Member } from '../../actors/rules/membership.js';
import type { Table, Tables } from '../seams/table.js';
import { decodeMember, decodeVote, encodeMember, encodeVote } from '../wire/member-rows.js';
import { decodeReplicas, encodeReplicas, type Replicas } from './replicas.js';

/** Sort before all node ids. */
const foundersKey = '!founders';
const replicasKey = '!replicas';
const firstMember = '0';

export interface KnownCluster {
  readonly vote: FoundingVote;
  readonly members: readonly Member[];
  /** undefined: nothing was ever written, or before N was. */
  readonly replicas: Replicas | undefined;
}

export class MemberTable {
  private readonly table: Table;
  private written = -1;
  private writing = false;
  private onWritten: (() => void)[] = [];

  constructor(
    private readonly tables: Tables,
    private readonly current: () => KnownCluster & { readonly revision: number },
  ) {
    this.table = tables.open('members');
  }

  /** Throws `MalformedError` on a damaged row: a node that lost its cluster could found another. */
  load(): KnownCluster {
    return MemberTable.read(this.tables);
  }

  /** As `load`, for who does not keep the table. */
  static read(tables: Tables): KnownCluster {
    let vote = noVote;
    let replicas: Replicas | undefined;
    const members: Member[] = [];
    for (const { key, value } of tables.open('members').range({})) {
      if (key === foundersKey) vote = decodeVote(value);
      else if (key === replicasKey) replicas = decodeReplicas(value);
      else members.push(decodeMember(value));
    }
    return { vote, members, replicas };
  }

  /**
   * Writes what changed since the last time, in the background; one write is under way at a time.
   * `done` is called once what is current now, or something later, is on disk. A full disk is no
   * error here: call it again with every beat.
   */
  save(done?: () => void): void {
    if (done !== undefined) this.onWritten.push(done);
    if (this.writing) return;
    const { vote, members, replicas, revision } = this.current();
    const waiting = this.onWritten.splice(0);
    if (revision === this.written) return callAll(waiting);
    this.writing = true;
    const dropped = [...this.table.keys({ start: firstMember })].filter(
      (key) => !members.some((member) => member.id === key),
    );
    this.tables.commit(
      (batch) => {
        for (const key of dropped) batch.remove(this.table, key);
        batch.put(this.table, foundersKey, encodeVote(vote));
        if (replicas !== undefined) batch.put(this.table, replicasKey, encodeReplicas(replicas));
        for (const member of members) batch.put(this.table, member.id, encodeMember(member));
      },
      (error) => {
        this.writing = false;
        if (error === undefined) {
          this.written = revision;
          callAll(waiting);
          if (this.onWritten.length > 0) this.save();
        } else this.onWritten = [...waiting, ...this.onWritten];
      },
    );
  }
}

function callAll(callbacks: readonly (() => void)[]): void {
  for (const callback of callbacks) callback();
}

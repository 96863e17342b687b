/**
 * The list of members one node keeps, itself included, and what changes it. No network and no disk
 * in here.
 *
 * A node writes its own row and no other. It learns of nodes that are still joining from themselves
 * only: hearsay would keep those alive for ever that came, held nothing and went.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import { type Beat, isNewer, mergeMember, type Member } from '../../actors/rules/membership.js';

/** `unknown`: the whole row is needed to tell. */
export type Learned = 'nothing' | 'newer' | 'new' | 'unknown';

export class Roster {
  /** Raised by every change but those of heartbeats. */
  revision = 0;
  private readonly others = new Map<NodeId, Member>();
  private ids: readonly NodeId[];

  constructor(private own: Member) {
    this.ids = [own.id];
  }

  get self(): Member {
    return this.own;
  }

  /**
   * As the disk has it from an earlier life. Returns what there is to say when its place in the
   * cluster is kept and this one has another.
   */
  restore(before: Member, { keepsPlace }: { readonly keepsPlace: boolean }): string | undefined {
    const { name, pid } = this.own;
    const given = this.own;
    const { host, zone, weight } = keepsPlace ? before : given;
    const generation = before.generation + 1;
    this.own = { ...before, name, pid, host, zone, weight, generation, heartbeat: 0 };
    this.revision++;
    if (given.host === host && given.zone === zone && given.weight === weight) return undefined;
    return `host, zone and weight of a member can't change yet: this node keeps host '${host}', zone '${zone}', weight ${weight}`;
  }

  /** Of all members, this node included; ascending. */
  get allIds(): readonly NodeId[] {
    return this.ids;
  }

  /** Ascending. */
  get otherIds(): readonly NodeId[] {
    return this.ids.filter((id) => id !== this.own.id);
  }

  get(id: NodeId): Member | undefined {
    return id === this.own.id ? this.own : this.others.get(id);
  }

  /** Ascending by id. */
  all(): Member[] {
    return this.ids.map((id) => this.get(id)!);
  }

  active(): Member[] {
    return this.all().filter((member) => member.status === 'active');
  }

  /** Besides this node, and without those that were removed. */
  activeOthers(): Member[] {
    return this.active().filter(({ id, removed }) => id !== this.own.id && !removed);
  }

  /** `direct`: the member itself told it. */
  learn(row: Member, options: { readonly direct: boolean }): Learned {
    const known = this.others.get(row.id);
    if (known === undefined) {
      if (row.status === 'joining' && !options.direct) return 'nothing';
      if (this.others.size + 1 >= limits.membersMax) return 'nothing';
      this.others.set(row.id, row);
      this.ids = [...this.ids, row.id].sort();
      this.revision++;
      return 'new';
    }
    const merged = mergeMember(known, row);
    if (merged === known) return 'nothing';
    this.others.set(row.id, merged);
    const { generation, status, epochs, removed } = known;
    if (
      merged.generation !== generation ||
      merged.status !== status ||
      merged.epochs !== epochs ||
      merged.removed !== removed
    )
      this.revision++;
    return isNewer(merged, known) ? 'newer' : 'nothing';
  }

  /** As `learn`, of a member whose row did not come along. */
  touch(id: NodeId, beat: Beat): Learned {
    const known = this.others.get(id);
    if (known === undefined || beat.generation > known.generation) return 'unknown';
    if (!isNewer(beat, known)) return 'nothing';
    this.others.set(id, { ...known, heartbeat: beat.heartbeat });
    return 'newer';
  }

  /** Whether the row this node has of the member is of an earlier life than that. */
  isOutdated(id: NodeId, { generation }: Pick<Beat, 'generation'>): boolean {
    return generation > (this.get(id)?.generation ?? Infinity);
  }

  drop(id: NodeId): void {
    this.others.delete(id);
    this.ids = this.ids.filter((other) => other !== id);
    this.revision++;
  }

  /** The founders of the cluster are active, whether or not they know it already. */
  activate(founders: readonly NodeId[]): void {
    for (const id of founders) {
      const member = this.get(id);
      if (member?.status === 'joining') this.set({ ...member, status: 'active' });
    }
  }

  /** Declared gone for good, by whoever it was. Once and for ever. */
  remove(id: NodeId): void {
    const member = this.get(id);
    if (member !== undefined && member.removed !== true) this.set({ ...member, removed: true });
  }

  /** Ascending. */
  removed(): NodeId[] {
    return this.ids.filter((id) => this.get(id)!.removed === true);
  }

  beat(): void {
    this.own = { ...this.own, heartbeat: this.own.heartbeat + 1 };
  }

  /** This node will have drawn no epoch from there on. */
  lease(epochs: number): void {
    if (epochs > this.own.epochs) this.set({ ...this.own, epochs });
  }

  /**
   * What another node says of this one. A beat above the own comes from an earlier life whose last
   * generation was not written down, or from one this disk never saw; being called down is refuted:
   * either way the generation goes above it. Returns whether the beat is from an earlier life.
   */
  hear(beat: Beat, options: { readonly calledDown: boolean }): boolean {
    const outdated = isNewer(beat, this.own);
    const accused = options.calledDown && beat.generation >= this.own.generation;
    if (outdated || accused)
      this.set({ ...this.own, generation: beat.generation + 1, heartbeat: 0 });
    return outdated;
  }

  private set(member: Member): void {
    this.revision++;
    if (member.id === this.own.id) this.own = member;
    else this.others.set(member.id, member);
  }
}

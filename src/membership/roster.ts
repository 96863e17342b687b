/**
 * The list of members one node keeps, itself included, and what changes it. No network and no disk
 * in here.
 *
 * A node writes its own row and no other; who is a member, and where it stands on the ring, is said
 * by the configuration, whatever rows say. It learns of nodes that are not members from themselves
 * only: hearsay would keep those alive for ever that came, held nothing and went.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import type { Configuration, Place } from '../../actors/rules/configuration.js';
import { limits } from '../../actors/rules/limits.js';
import {
  type Beat,
  isNewer,
  mergeMember,
  type Member,
  type MemberStatus,
} from '../../actors/rules/membership.js';

/** `unknown`: the whole row is needed to tell. */
export type Learned = 'nothing' | 'newer' | 'new' | 'unknown';

export class Roster {
  /** Raised by every change but those of heartbeats. */
  revision = 0;
  private readonly selfId: NodeId;
  /** As their authors write them, with the standing they have by the configuration. */
  private readonly rows = new Map<NodeId, Member>();
  /** The same, each on its place by the configuration. */
  private readonly members = new Map<NodeId, Member>();
  private ids: readonly NodeId[];
  private standings: Standings | undefined;
  /** Were removed by what this disk says, of which the configuration may not tell yet. */
  private marked: ReadonlySet<NodeId> = new Set();

  constructor(own: Member) {
    this.selfId = own.id;
    this.ids = [own.id];
    this.keep(own);
  }

  get self(): Member {
    return this.members.get(this.selfId)!;
  }

  /** As the disk has it from an earlier life. */
  restore(before: Member, { keepsPlace }: { readonly keepsPlace: boolean }): void {
    const given = this.ownRow;
    const { name, host, zone, weight } = keepsPlace ? before : given;
    const { pid, wish } = given;
    const generation = before.generation + 1;
    const place = { name, host, zone, weight };
    this.set({ ...before, ...place, pid, generation, heartbeat: 0, ...(wish && { wish }) });
  }

  /** They were removed before configurations said who is: so they stay until one does. */
  mark(removed: readonly NodeId[]): void {
    this.marked = new Set(removed);
  }

  /** Ascending. */
  get markedIds(): readonly NodeId[] {
    return [...this.marked].sort();
  }

  /** Of all members, this node included; ascending. */
  get allIds(): readonly NodeId[] {
    return this.ids;
  }

  /** Ascending. */
  get otherIds(): readonly NodeId[] {
    return this.ids.filter((id) => id !== this.selfId);
  }

  get(id: NodeId): Member | undefined {
    return this.members.get(id);
  }

  /** Ascending by id. */
  all(): Member[] {
    return this.ids.map((id) => this.members.get(id)!);
  }

  active(): Member[] {
    return this.all().filter((member) => member.status === 'active');
  }

  /** Besides this node, and without those that were removed. */
  activeOthers(): Member[] {
    return this.active().filter(({ id, removed }) => id !== this.selfId && !removed);
  }

  /** For the disk, and for others: a place is told as its member first had it. Ascending by id. */
  allRows(): Member[] {
    return this.ids.map((id) => this.rows.get(id)!);
  }

  get ownRow(): Member {
    return this.rows.get(this.selfId)!;
  }

  rowOf(id: NodeId): Member | undefined {
    return this.rows.get(id);
  }

  /** `direct`: the member itself told it. */
  learn(row: Member, options: { readonly direct: boolean }): Learned {
    const known = this.rows.get(row.id);
    if (known === undefined) {
      const isVouched = this.standings?.named.has(row.id) ?? row.status === 'active';
      if (!isVouched && !options.direct) return 'nothing';
      if (this.ids.length >= limits.membersMax) return 'nothing';
      this.add(row);
      return 'new';
    }
    const merged = mergeMember(known, row);
    if (merged === known) return 'nothing';
    const { generation, epochs } = known;
    if (merged.generation !== generation || merged.epochs !== epochs) this.revision++;
    this.keep(merged);
    return isNewer(merged, known) ? 'newer' : 'nothing';
  }

  /** As `learn`, of a member whose row did not come along. */
  touch(id: NodeId, beat: Beat): Learned {
    const known = this.rows.get(id);
    if (known === undefined || beat.generation > known.generation) return 'unknown';
    if (!isNewer(beat, known)) return 'nothing';
    this.keep({ ...known, heartbeat: beat.heartbeat });
    return 'newer';
  }

  /** Whether the row this node has of the member is of an earlier life than that. */
  isOutdated(id: NodeId, { generation }: Pick<Beat, 'generation'>): boolean {
    return generation > (this.get(id)?.generation ?? Infinity);
  }

  drop(id: NodeId): void {
    this.rows.delete(id);
    this.members.delete(id);
    this.ids = this.ids.filter((other) => other !== id);
    this.revision++;
  }

  /**
   * Members are those it names from now on. Returns who came: of them nothing is known but their
   * places; and who went, of whom nothing is kept.
   */
  goBy(configuration: Configuration): { readonly came: NodeId[]; readonly went: NodeId[] } {
    const standings = standingsBy(configuration);
    const went = this.active()
      .map(({ id }) => id)
      .filter((id) => !standings.named.has(id) && id !== this.selfId);
    this.standings = standings;
    const isUntold = (id: NodeId): boolean => standings.named.has(id) && !standings.removed.has(id);
    this.marked = new Set([...this.marked].filter(isUntold));
    this.revision++;
    for (const id of went) this.drop(id);
    for (const row of this.allRows()) this.keep(row);
    const came = [...standings.places.values()].filter(({ id }) => !this.rows.has(id));
    for (const place of came)
      this.add({ ...place, pid: 0, generation: 0, heartbeat: 0, epochs: 0, status: 'active' });
    return { came: came.map(({ id }) => id), went };
  }

  beat(): void {
    const { heartbeat } = this.ownRow;
    this.keep({ ...this.ownRow, heartbeat: heartbeat + 1 });
  }

  /** This node will have drawn no epoch from there on. */
  lease(epochs: number): void {
    if (epochs > this.self.epochs) this.set({ ...this.ownRow, epochs });
  }

  /**
   * What another node says of this one. A beat above the own comes from an earlier life whose last
   * generation was not written down, or from one this disk never saw; being called down is refuted:
   * either way the generation goes above it. Returns whether the beat is from an earlier life.
   */
  hear(beat: Beat, options: { readonly calledDown: boolean }): boolean {
    const outdated = isNewer(beat, this.self);
    const accused = options.calledDown && beat.generation >= this.self.generation;
    if (outdated || accused)
      this.set({ ...this.ownRow, generation: beat.generation + 1, heartbeat: 0 });
    return outdated;
  }

  private add(row: Member): void {
    this.ids = [...this.ids, row.id].sort();
    this.set(row);
  }

  private set(row: Member): void {
    this.revision++;
    this.keep(row);
  }

  private keep(row: Member): void {
    const own = this.inItsStanding(row);
    this.rows.set(row.id, own);
    const place = this.standings?.places.get(row.id);
    this.members.set(row.id, place === undefined || isAt(own, place) ? own : { ...own, ...place });
  }

  private inItsStanding(row: Member): Member {
    const { standings } = this;
    const isGone = standings?.removed.has(row.id) === true || this.marked.has(row.id);
    const status = this.statusOf(row);
    const wish = status === 'joining' ? row.wish : undefined;
    const isSame = row.status === status && (row.removed === true) === isGone && row.wish === wish;
    if (isSame) return row;
    const { id, name, host, zone, weight, pid, generation, heartbeat, epochs } = row;
    const own = { id, name, host, zone, weight, pid, generation, heartbeat, epochs };
    return { ...own, status, ...(isGone && { removed: true }), ...(wish && { wish }) };
  }

  private statusOf({ id, status }: Member): MemberStatus {
    const { standings, selfId } = this;
    if (standings === undefined) return 'joining';
    if (standings.named.has(id)) return 'active';
    return id === selfId && status !== 'joining' ? 'left' : 'joining';
  }
}

/** What a configuration says of nodes. */
interface Standings {
  /** The members, and those that were removed and have a place still. */
  readonly named: ReadonlySet<NodeId>;
  readonly removed: ReadonlySet<NodeId>;
  /** As which they stand on the ring, or will: the place that one moves to comes first. */
  readonly places: ReadonlyMap<NodeId, Place>;
}

function standingsBy({ members, move, leaving, removed }: Configuration): Standings {
  const all = [...members, ...(move?.members ?? [])];
  const places = new Map(all.map((place) => [place.id, place]));
  return { named: new Set([...places.keys(), ...leaving]), removed: new Set(removed), places };
}

type Standing = Pick<Member, 'name' | 'host' | 'zone' | 'weight'>;

function isAt(row: Standing, { name, host, zone, weight }: Standing): boolean {
  return row.name === name && row.host === host && row.zone === zone && row.weight === weight;
}

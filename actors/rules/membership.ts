/**
 * Members of a cluster, as each node believes them to be, and how two beliefs become one.
 *
 * A member alone writes its row: it raises its heartbeat while it lives and its generation at each
 * start and when it finds itself doubted. So of two rows of one member the newer (generation,
 * heartbeat) is the truer one, whoever brings it.
 */
import type { NodeId } from './actor.js';

export interface Member {
  readonly id: NodeId;
  readonly name: string;
  /** Replicas go to distinct hosts, then to distinct zones. */
  readonly host: string;
  readonly zone: string;
  readonly weight: number;
  readonly pid: number;
  /** Raised by the member itself at each start, and when it refutes being called down. */
  readonly generation: number;
  readonly heartbeat: number;
  /**
   * It has drawn no epoch from here on, by what it told last; 0: not told. Others keep it, should
   * its disk lose it.
   */
  readonly epochs: number;
  readonly status: MemberStatus;
  /**
   * An operator declared it gone for good, and nothing is taken from it any more; by the
   * configuration that its author goes by.
   */
  readonly removed?: true;
  /** Of a node that is no member, told by itself. */
  readonly wish?: JoinWish;
}

/** What a node is told at its start of how it is to become a member; of no meaning to one. */
export interface JoinWish {
  /** Without an operator, or when one says so. */
  readonly join: 'auto' | 'ask';
  /** By name or id, the member that is gone for good in whose stead it comes; '': of nobody. */
  readonly replaces: string;
  /** It comes to a cluster that is there, also where it hears nobody of it. */
  readonly founds?: false;
}

/** Whether a cluster may be founded with who wishes that. */
export function mayFound(wish: JoinWish | undefined): boolean {
  return wish === undefined || (wish.founds !== false && wish.replaces === '');
}

/**
 * What the configuration says that its author goes by: it is to be taken in, or was at no time; it
 * is a member; it was one.
 */
export type MemberStatus = 'joining' | 'active' | 'left';
export type Reachability = 'alive' | 'suspect' | 'down';

/** How far a member has come: its start, and its beat within it. */
export interface Beat {
  readonly generation: number;
  readonly heartbeat: number;
}

export function isNewer(a: Beat, b: Beat): boolean {
  return a.generation !== b.generation ? a.generation > b.generation : a.heartbeat > b.heartbeat;
}

/**
 * The newer row, as far as the member itself writes it; `known` itself when that changes nothing.
 * How others see its standing is theirs: each node goes by its own configuration. Nobody takes back
 * epochs.
 */
export function mergeMember(known: Member, told: Member): Member {
  const row = isNewer(told, known) ? told : known;
  const epochs = Math.max(known.epochs, told.epochs);
  const { status, removed } = known;
  if (row.status === status && row.epochs === epochs && row.removed === removed) return row;
  const { id, name, host, zone, weight, pid, generation, heartbeat, wish } = row;
  const own = { id, name, host, zone, weight, pid, generation, heartbeat, epochs };
  return { ...own, status, ...(removed && { removed }), ...(wish && { wish }) };
}

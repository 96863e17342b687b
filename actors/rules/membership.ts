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
  /** `joining` members hold no partitions yet; see `founding.ts`. */
  readonly status: MemberStatus;
  /**
   * An operator declared it gone for good (`removal.ts`). Its place on the ring stays; nothing is
   * taken from it any more.
   */
  readonly removed?: true;
}

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

const order: readonly MemberStatus[] = ['joining', 'active', 'left'];

/**
 * The newer row, with the later status of both: a member never goes back to joining, and never
 * returns from having left or having been removed. Nor does it take back epochs.
 */
export function mergeMember(known: Member, told: Member): Member {
  const row = isNewer(told, known) ? told : known;
  const status = order[Math.max(order.indexOf(known.status), order.indexOf(told.status))]!;
  const epochs = Math.max(known.epochs, told.epochs);
  const removed = known.removed ?? told.removed;
  if (row.status === status && row.epochs === epochs && row.removed === removed) return row;
  return { ...row, status, epochs, ...(removed && { removed }) };
}

/** The nodes of a cluster as they answer themselves, and as the others know them when they do not. */
import { limits } from '../../actors/rules/limits.js';
import type { Bus } from '../seams/bus.js';
import type { Clock } from '../seams/clock.js';
import type { RingMessage } from '../wire/ring-message.js';
import { ask } from './ask.js';

/** One row of `quorate status --json`. A node that does not answer is `down`; what only it knows is null. */
export interface NodeRow {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  /** What the node says of itself (such as `serving`), or `down`. */
  readonly status: string;
  readonly pid: number | null;
  readonly partitions: number | null;
  readonly keys: number | null;
  readonly hints: number | null;
  /** By how many ms the wall clock of its machine is ahead of what the nodes agree on. */
  readonly clockAheadMs: number | null;
}

export interface ClusterQuestion {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly prefix: string;
  readonly waitMs: number;
}

/** undefined: nobody answers. */
export async function askRing(question: ClusterQuestion): Promise<RingMessage | undefined> {
  const subject = `${question.prefix}.ring`;
  const [ring] = await ask<RingMessage>({ ...question, subject, answersMax: 1 });
  return ring;
}

/** By name. */
export async function askStatus(question: ClusterQuestion): Promise<NodeRow[]> {
  const ring = await askRing(question);
  const subject = `${question.prefix}.status`;
  const alive = ring?.nodes.filter((node) => node.reachability !== 'down').length;
  const answersMax = alive === undefined || alive === 0 ? limits.membersMax : alive;
  const answers = await ask<NodeRow>({ ...question, subject, answersMax });
  const answered = new Set(answers.map((row) => row.id));
  const silent = (ring?.nodes ?? []).filter((node) => !answered.has(node.id));
  const rows: NodeRow[] = [
    ...answers,
    ...silent.map(({ id, name, host }) => ({
      id,
      name,
      host,
      status: 'down',
      pid: null,
      partitions: null,
      keys: null,
      hints: null,
      clockAheadMs: null,
    })),
  ];
  return rows.sort(byName);
}

/** n2 before n10. */
export function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name.localeCompare(b.name, 'en', { numeric: true });
}

/**
 * The nodes of a cluster as they answer themselves, and as the others know them when they do not.
 */
import { limits } from '../../actors/rules/limits.js';
import { commandLimits } from '../../actors/rules/limits/command.js';
import { UnavailableError } from '../errors.js';
import type { Bus } from '../seams/bus.js';
import type { Clock } from '../seams/clock.js';
import type { RingMessage, RingNode } from '../wire/ring-message.js';
import { Subjects } from '../wire/subjects.js';
import { ask } from './ask.js';
import { CommandError, exitCodes } from './exit-codes.js';

/**
 * One row of `quorate status --json`. A node that does not answer is `down`; what only it knows is
 * null.
 */
export interface NodeRow {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  /**
   * What the node says of itself (such as `serving`), or `down`; `removed`: declared gone for good.
   */
  status: string;
  /** Whatever it says of itself: it hands on what it holds, and goes. */
  leaving?: true;
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
  const subject = new Subjects(question.prefix).ring;
  const waitMs = question.waitMs / commandLimits.questionsMax;
  for (let i = 0; i < commandLimits.questionsMax; i++) {
    const askedMs = question.clock.monotonicMs();
    const [ring] = await ask<RingMessage>({ ...question, subject, waitMs, answersMax: 1 });
    const isNobodyThere = question.clock.monotonicMs() - askedMs < waitMs / 2;
    if (ring !== undefined || isNobodyThere) return ring;
  }
  return undefined;
}

/** By name. */
export async function askStatus(question: ClusterQuestion): Promise<NodeRow[]> {
  const ring = await askRing(question);
  const subject = new Subjects(question.prefix).status;
  const alive = ring?.nodes.filter((node) => node.reachability !== 'down').length;
  const answersMax = alive === undefined || alive === 0 ? limits.membersMax : alive;
  const answers = await ask<NodeRow>({ ...question, subject, answersMax });
  const removedNodes = (ring?.nodes ?? []).filter((node) => node.removed === true);
  const removed = new Set(removedNodes.map(({ id }) => id));
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
  // Cut off, it may still believe that it serves.
  for (const row of rows) if (removed.has(row.id)) row.status = 'removed';
  for (const { id, leaving } of ring?.nodes ?? []) {
    const row = rows.find((one) => one.id === id);
    if (leaving === true && row !== undefined) row.leaving = true;
  }
  return rows.sort(byName);
}

/**
 * Of the node of that name or id. Throws `CommandError` when there is none, or more than one: who
 * lost its disk and came back is a new node.
 */
export function idOf(name: string, ring: RingMessage | undefined): string {
  if (ring === undefined) throw new UnavailableError('no node answers');
  if (ring.nodes.some((node) => node.id === name)) return name;
  const [found, ...others] = ring.nodes.filter((node) => node.name === name);
  if (others.length > 0) throw ambiguous(name, [found!, ...others]);
  if (found !== undefined) return found.id;
  const names = ring.nodes
    .toSorted(byName)
    .map((node) => node.name)
    .join(', ');
  throw new CommandError(exitCodes.usage, `no node named ${name}; there are ${names}`);
}

function ambiguous(name: string, nodes: readonly RingNode[]): CommandError {
  const states = nodes.map(({ id, removed, reachability }) => {
    const state = removed === true ? 'removed' : reachability;
    return `${id} (${state})`;
  });
  return new CommandError(
    exitCodes.usage,
    `${nodes.length} nodes are named ${name}, say which by its id: ${states.join(', ')}`,
  );
}

/** n2 before n10. */
export function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name.localeCompare(b.name, 'en', { numeric: true });
}

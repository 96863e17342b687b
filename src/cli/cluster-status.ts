/**
 * The nodes of a cluster as they answer themselves, and as the others know them when they do not.
 */
import type { ClusterId } from '../../actors/rules/configuration.js';
import { limits } from '../../actors/rules/limits.js';
import { commandLimits } from '../../actors/rules/limits/command.js';
import { MalformedError, UnavailableError } from '../errors.js';
import type { Bus } from '../seams/bus.js';
import type { Clock } from '../seams/clock.js';
import { ringFromDocument } from '../wire/ring-document.js';
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
  /** As the cluster has it. */
  readonly name: string;
  /** The name it was told at its start. */
  readonly startedAs?: string;
  readonly host: string;
  /** Of what cluster it is, as far as it knows. */
  readonly cluster?: ClusterId;
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

/** undefined: nobody answers. Throws `CommandError` where nodes of several clusters do. */
export async function askRing(question: ClusterQuestion): Promise<RingMessage | undefined> {
  const ring = await askAnyRing(question);
  // One of them answers, whichever it is.
  if (ring?.sharesSubjects === true) checkOneCluster(await rowsBy(ring, question));
  return ring;
}

/**
 * As `askRing`, with nothing in it that is no ring: what follows is asked of the nodes it names.
 * Throws `UnavailableError` where nobody answers.
 */
export async function askWholeRing(question: ClusterQuestion): Promise<RingMessage> {
  const ring = await askRing(question);
  if (ring === undefined) throw new UnavailableError(`no node answers on ${question.prefix}.ring`);
  try {
    return ringFromDocument(ring);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    throw new CommandError(exitCodes.failed, `who answers is no node of Quorate: ${error.message}`);
  }
}

async function askAnyRing(question: ClusterQuestion): Promise<RingMessage | undefined> {
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

/** By name. Throws `CommandError` where nodes of several clusters answer. */
export async function askStatus(question: ClusterQuestion): Promise<NodeRow[]> {
  const rows = await askAll(question);
  checkOneCluster(rows);
  return rows;
}

/** As `askStatus`, of whatever cluster they are. */
export async function askAll(question: ClusterQuestion): Promise<NodeRow[]> {
  return rowsBy(await askAnyRing(question), question);
}

async function rowsBy(
  ring: RingMessage | undefined,
  question: ClusterQuestion,
): Promise<NodeRow[]> {
  const subject = new Subjects(question.prefix).status;
  const alive = ring?.nodes.filter((node) => node.reachability !== 'down').length;
  // Of how many nodes another cluster is, this one does not know.
  const isUnknown = alive === undefined || alive === 0 || ring?.sharesSubjects === true;
  const answersMax = isUnknown ? limits.membersMax : alive;
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

function checkOneCluster(rows: readonly NodeRow[]): void {
  const problem = severalClusters(rows);
  if (problem !== undefined)
    throw new CommandError(exitCodes.usage, `${problem}. Nothing was asked of either`);
}

/** Who of which, and what to do about it; undefined: they are of one. */
export function severalClusters(rows: readonly NodeRow[]): string | undefined {
  const clusters = [...new Set(rows.map(({ cluster }) => cluster))].filter(
    (cluster) => cluster !== undefined,
  );
  if (clusters.length < 2) return undefined;
  const parts = clusters.map((of) => {
    const nodes = rows.filter(({ cluster }) => cluster === of);
    return `${nodes.map(({ id, name }) => `${name} (${id})`).join(', ')} of cluster ${of}`;
  });
  return `nodes of ${clusters.length} clusters answer on the same subjects: ${parts.join('; ')}. Was one of them started with the data directory of another cluster? Stop it, and start it with the right --data-dir, or an empty one; where several clusters are meant, each needs a --prefix of its own`;
}

/** Who watches over one knows the name it was started with, which the cluster need not have. */
export function rowsNamed(node: string, rows: readonly NodeRow[]): NodeRow[] {
  const found = rows.filter(({ name }) => name === node);
  return found.length > 0 ? found : rows.filter(({ startedAs }) => startedAs === node);
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

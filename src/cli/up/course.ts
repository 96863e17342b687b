/**
 * Which nodes `quorate up` runs, and what becomes of them: so many as are wished, held against what
 * lies in its data directory. A cluster grows by the next numbers, those first that are free, and
 * shrinks by its highest; who is not told how many runs the members. Whoever starts without a
 * node's data must mean it.
 */
import { CommandError, exitCodes } from '../exit-codes.js';
import {
  type ClusterOnDisk,
  type DataOfCluster,
  nameOf,
  type NodeOnDisk,
  numberOf,
} from './data-of-cluster.js';
import { isMajorityThere, recoverText } from './majority.js';
import { nodesDefault, type WishedCluster } from './wished.js';

/** All names ascending by their numbers. */
export interface Course {
  /** As many as there are to be. */
  readonly nodes: number;
  readonly start: readonly string[];
  /** Of those that start, who is to be taken in. */
  readonly come: readonly string[];
  /** Who is new among these. */
  readonly grow: readonly string[];
  /** Who of them comes in the stead of a member whose data are gone. */
  readonly replaces: readonly string[];
  /** Of those that start, who is to be told to leave. */
  readonly shrink: readonly string[];
  /** Who was told before. */
  readonly leaving: readonly string[];
  /** Are of the cluster no more, and their directories may go. */
  readonly past: readonly string[];
  /** Who is to hold partitions, started or not; nobody, before the cluster is founded. */
  readonly members: readonly string[];
  /** Replicas of each key; undefined: nothing says yet. */
  readonly n: number | undefined;
}

/** Throws `CommandError` where nodes would be missed, or are in each other's way. */
export function courseOf(data: DataOfCluster, wished: WishedCluster): Course {
  const { cluster } = data;
  // One that was given up before its nodes came to anything leaves empty directories.
  const isNew = cluster === undefined && data.nodes.every(({ standing }) => standing === 'empty');
  if (isNew) return courseOfNew(data, wished);
  if (cluster === undefined) return courseOfUnfounded(data, wished);
  const { members } = cluster;
  const highest = highestOf(members);
  const known = [...members, ...cluster.removed, ...data.nodes.map(({ name }) => name)];
  checkNames(Math.max(wished.nodes ?? 0, highestOf(known)), wished);
  checkMissing(data, cluster, wished);
  checkReplaced(members, wished);
  const replaces = wished.replaces.filter((name) => members.includes(name));
  const { nodes = highest } = wished;
  const added = wished.nodes === undefined ? [] : addedTo(data, cluster, { ...wished, nodes });
  const come = ascending([...added, ...replaces]);
  const shrink = members.filter((name) => numberOf(name) > nodes);
  checkSizes(cluster, { ...wished, nodes, come, shrink });
  const leaving = namesOf(data, 'leaving');
  const waiting = namesOf(data, 'waiting');
  const isWished = (name: string): boolean =>
    wished.nodes === undefined ? members.includes(name) : numberOf(name) <= nodes;
  const start = [...new Set([...members, ...leaving, ...come])];
  return {
    nodes: wished.nodes ?? members.length,
    start: ascending(start.filter((name) => !wished.without.includes(name))),
    come,
    grow: come.filter((name) => !waiting.includes(name) && !replaces.includes(name)),
    replaces,
    shrink: ascending(shrink),
    leaving,
    past: [...namesOf(data, 'left'), ...waiting.filter((name) => !isWished(name))],
    members: ascending(members),
    n: cluster.n,
  };
}

function courseOfNew({ dataDir }: DataOfCluster, wished: WishedCluster): Course {
  const { nodes = nodesDefault, without, replaces } = wished;
  const missed = [...without, ...replaces];
  if (missed.length > 0)
    throw usage(
      `${dataDir} holds no cluster that could go on without ${missed.join(', ')}: start a new one without ${without.length > 0 ? '--without' : '--replaces'}, or name another --data-dir`,
    );
  return onlyStart(nodes, namesUpTo(nodes));
}

/** Its nodes have met nobody yet: without one of them they would wait for ever. */
function courseOfUnfounded({ dataDir, nodes }: DataOfCluster, wished: WishedCluster): Course {
  const total = Math.max(...nodes.map(({ name }) => numberOf(name)));
  const there = nodes.map(({ name }) => name);
  if ((wished.nodes ?? total) !== total)
    throw usage(
      `${dataDir} holds a cluster of ${total} nodes that is not founded yet: use --nodes ${total}${lackText(total, there)}, or another --data-dir`,
    );
  checkNames(total, wished);
  const missing = namesUpTo(total).filter((name) => !there.includes(name));
  checkNobodyMissing({ dataDir, total, wished, members: [] }, missing);
  const { without } = wished;
  const start = namesUpTo(total).filter((name) => !without.includes(name));
  return onlyStart(total, start);
}

function onlyStart(nodes: number, start: readonly string[]): Course {
  const none: readonly string[] = [];
  const change = {
    come: none,
    grow: none,
    replaces: none,
    shrink: none,
    leaving: none,
    past: none,
    members: none,
  };
  return { nodes, start, ...change, n: undefined };
}

function checkNames(total: number, { without, replaces }: WishedCluster): void {
  for (const [option, names] of Object.entries({ without, replaces })) {
    const unknown = names.filter((name) => !namesUpTo(total).includes(name));
    if (unknown.length > 0)
      throw usage(`--${option}: ${unknown.join(', ')} is none of ${namesUpTo(total).join(', ')}`);
  }
}

/** Members whose data are not there. */
function checkMissing(
  { dataDir, nodes }: DataOfCluster,
  { members }: ClusterOnDisk,
  wished: WishedCluster,
): void {
  const { replaces } = wished;
  const there = new Set(nodes.filter(isThere).map(({ name }) => name));
  const missing = members.filter((name) => !there.has(name) && !replaces.includes(name));
  const total = members.length;
  checkNobodyMissing({ dataDir, total, wished, members }, ascending(missing));
  const absent = ascending(members.filter((name) => !there.has(name)));
  if (replaces.length > 0 && !isMajorityThere(members, absent)) {
    throw usage(
      `--replaces ${replaces.join(',')} can't be: ${absent.join(', ')} are missing. Put back what lay there, or go on without: --without ${absent.join(',')}${insteadOf(wished)}.\n${recoverText(absent, members)}`,
    );
  }
  const kept = replaces.find((name) => there.has(name));
  if (kept !== undefined)
    throw usage(
      `--replaces is for nodes whose data are gone, and ${dataDir}/${kept} holds some: put it aside first`,
    );
}

/** Nobody comes in the stead of one that has a place no more. */
function checkReplaced(members: readonly string[], { nodes, replaces }: WishedCluster): void {
  const strangers = replaces.filter((name) => !members.includes(name));
  if (nodes === undefined && strangers.length > 0)
    throw usage(
      `--replaces: ${strangers.join(', ')} is none of the members ${ascending(members).join(', ')}; new ones come with: --nodes ${highestOf([...strangers, ...members])}`,
    );
}

/** With what it holds of the cluster. */
function isThere({ standing }: NodeOnDisk): boolean {
  return standing !== 'empty' && standing !== 'waiting';
}

interface Expected {
  readonly dataDir: string;
  readonly total: number;
  readonly wished: WishedCluster;
  /** Nobody, before it is founded. */
  readonly members: readonly string[];
}

function checkNobodyMissing(
  { dataDir, total, wished, members }: Expected,
  all: readonly string[],
): void {
  const { without, replaces } = wished;
  const missing = all.filter((name) => !without.includes(name));
  if (missing.length === 0) return;
  const [names, verb] = [missing.join(', '), missing.length === 1 ? 'is' : 'are'];
  const advice = [
    `${dataDir} holds a cluster of ${total} nodes, and ${names} ${verb} missing. Put back what lay there.`,
    `To go on without: --without ${[...without, ...missing].join(',')}${insteadOf(wished)}. N stays what it is, the others serve what they hold, and puts and gets succeed while R and W of them are there.`,
  ];
  if (members.length > 0 && !isMajorityThere(members, all)) advice.push(recoverText(all, members));
  else if (members.length > 0)
    advice.push(
      `Gone for good, new and empty ones come in their stead with: --replaces ${[...replaces, ...missing].join(',')}${insteadOf(wished)}. What only ${names} held is lost then.`,
    );
  throw usage(advice.join('\n'));
}

/**
 * Behind what to do without a node, which has the cluster neither grow nor shrink: another number
 * of nodes would.
 */
function insteadOf({ nodes }: WishedCluster): string {
  return nodes === undefined ? '' : ` instead of --nodes ${nodes}`;
}

/** Whose number is wished and who is no member: new ones, and those that wait. */
function addedTo(
  data: DataOfCluster,
  { members }: ClusterOnDisk,
  { nodes, without }: WishedCluster & { readonly nodes: number },
): string[] {
  const absent = namesUpTo(nodes).filter(
    (name) => !members.includes(name) && !without.includes(name),
  );
  const back = absent.filter((name) => namesOf(data, 'leaving').includes(name));
  if (back.length > 0)
    throw usage(
      `${back.join(', ')} ${back.length === 1 ? 'is' : 'are'} leaving the cluster in ${data.dataDir}: go on without --nodes, and let it grow once they have left`,
    );
  const removed = absent.filter((name) => namesOf(data, 'removed').includes(name));
  const left = absent.filter((name) => namesOf(data, 'left').includes(name));
  const past = ascending([...removed, ...left]);
  if (past.length > 0) {
    const were = past.length === 1 ? 'was' : 'were';
    const what = removed.length > 0 ? `${were} removed from` : 'left';
    const directories = past.map((name) => `${data.dataDir}/${name}`).join(', ');
    throw usage(
      `${past.join(', ')} ${what} the cluster in ${data.dataDir} for good: put ${directories} aside to have new ones come, or go on with --nodes ${nodes} --without ${[...without, ...past].join(',')}`,
    );
  }
  return absent;
}

interface Sizes extends WishedCluster {
  readonly nodes: number;
  readonly come: readonly string[];
  readonly shrink: readonly string[];
}

function checkSizes(
  { members, n = 1 }: ClusterOnDisk,
  { nodes, come, shrink, without }: Sizes,
): void {
  if (shrink.length === 0) return;
  const highest = highestOf(members);
  if (come.length > 0)
    throw usage(
      `the cluster has no ${come.join(', ')}, and ${shrink.join(', ')} would leave: one after the other, with --nodes ${highest} first, or --without ${come.join(',')}`,
    );
  const absent = shrink.filter((name) => without.includes(name));
  if (absent.length > 0)
    throw usage(
      `${absent.join(', ')} can't hand on anything without being there: use --nodes ${highest} --without ${absent.join(',')}, and quorate remove where it is gone for good`,
    );
  const left = members.length - shrink.length;
  if (left < n)
    throw usage(
      `each key has ${n} replicas (N), so --nodes ${nodes} would leave too few nodes: ${left}`,
    );
}

function namesOf({ nodes }: DataOfCluster, standing: string): string[] {
  return nodes.filter((node) => node.standing === standing).map(({ name }) => name);
}

/** With what `--nodes` must come together. */
function lackText(total: number, there: readonly string[]): string {
  const lacking = namesUpTo(total).filter((name) => !there.includes(name));
  return lacking.length === 0 ? '' : ` --without ${lacking.join(',')} (it is not there)`;
}

function namesUpTo(total: number): string[] {
  return Array.from({ length: total }, (_, i) => nameOf(i + 1));
}

function highestOf(names: readonly string[]): number {
  return Math.max(...names.map(numberOf));
}

function ascending(names: readonly string[]): string[] {
  return [...names].sort((a, b) => numberOf(a) - numberOf(b));
}

function usage(message: string): CommandError {
  return new CommandError(exitCodes.usage, message);
}

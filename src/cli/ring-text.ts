/** What `quorate ring` shows, as text. */
import { commandLimits } from '../../actors/rules/limits/command.js';
import { comingIn } from './move-watch.js';
import {
  type MovePace,
  type MovePaces,
  type MoveProgress,
  moveProgressOf,
  type NodeProgress,
  type Share,
} from '../wire/move-progress.js';
import type { RingMessage, RingNode } from '../wire/ring-message.js';
import { ringSharesOf } from '../wire/ring-shares.js';
import { byName } from './cluster-status.js';
import { table } from './output.js';

const barWidth = 32;
const nodeBarWidth = 16;

/** Who answers for how much; while partitions move, also how many of them come and go. */
export function ringText(ring: RingMessage): string {
  const progress = moveProgressOf(ring);
  const shares = ringSharesOf(ring);
  const rows = ring.nodes.toSorted(byName).map((node) => {
    const { all, first } = shares.get(node.id)!;
    const { name, host, zone, weight } = node;
    const cells = [name, host, zone, weight === undefined ? '-' : String(weight)];
    cells.push(stateOf(node), String(all), String(first));
    const moves = progress?.nodes.find(({ id }) => id === node.id);
    if (moves !== undefined) cells.push(shareText(moves.incoming), shareText(moves.outgoing));
    cells.push(node.id);
    return cells;
  });
  const moving = progress === undefined ? [] : ['INCOMING', 'OUTGOING'];
  const place = ['NAME', 'HOST', 'ZONE', 'WEIGHT'];
  const header = [...place, 'STATUS', 'PARTITIONS', 'FIRST OF', ...moving, 'ID'];
  const head = `${ring.groupOf.length} partitions, N=${ring.n}, layout ${ring.epoch}`;
  const lines = [head, ...(progress === undefined ? [] : [movedText(progress)])];
  return [...lines, table(header, rows)].join('\n');
}

/** What becomes of it, where that is not simply to stay; and unless it is alive what it is. */
export function stateOf({ removed, leaving, waits, reachability }: RingNode): string {
  if (removed === true) return 'removed';
  if (leaving !== true && waits === undefined) return reachability;
  const standing = leaving === true ? 'leaving' : 'waiting';
  return reachability === 'alive' ? standing : `${standing}, ${reachability}`;
}

/** A progress bar and how fast it goes: of all, and of each node that partitions come to. */
export function moveText(progress: MoveProgress, paces: MovePaces): string {
  const rows = receiving(progress).map(({ id, name, incoming }) => {
    const [rate, left] = paceParts(incoming, paces.to(id));
    return [name, bar(incoming, nodeBarWidth), shareText(incoming), rate, left];
  });
  const head = `layout ${progress.layout}: ${movedText(progress)}`;
  if (progress.total === 0) return head;
  return [
    head,
    `${bar(progress, barWidth)} ${percent(progress)}, ${paceText(progress, paces.whole)}`,
    table(['TO', '', 'MOVED', 'RATE', 'LEFT'], rows),
  ].join('\n');
}

/** In one line, for those who keep what is printed. */
export function moveLine(progress: MoveProgress, paces: MovePaces): string {
  const { layout, total } = progress;
  const head = `layout ${layout}: ${movedText(progress)}`;
  if (total === 0) return head;
  const nodes = receiving(progress);
  const shown = nodes.slice(0, commandLimits.watchLineNodesMax);
  const more = nodes.length - shown.length;
  return [
    `${head}, ${paceText(progress, paces.whole)}`,
    ...shown.map(({ id, name, incoming }) => {
      return `${name} ${shareText(incoming)}, ${paceText(incoming, paces.to(id))}`;
    }),
    ...(more === 0 ? [] : [`and ${more} more`]),
  ].join('; ');
}

/** That nothing moves any more, and whose turn it still is. */
export function restText(ring: RingMessage, sawMove: boolean): string {
  const waiting = comingIn(ring);
  const going = ring.nodes.filter(({ leaving, reachability }) => {
    return leaving === true && reachability !== 'down';
  });
  const still = [
    ...(waiting.length === 0
      ? []
      : [`${waitingText(waiting)} still: quorate status --json says what for`]),
    ...(going.length === 0 ? [] : [leavingText(going)]),
  ];
  return [sawMove ? 'the move is over' : 'nothing moves', ...still, ringText(ring)].join('\n');
}

function leavingText(nodes: readonly RingNode[]): string {
  const names = nodes.toSorted(byName).map(({ name }) => name);
  const [verb, ends] = names.length === 1 ? ['leaves', 'ends'] : ['leave', 'end'];
  const itself = names.length === 1 ? 'itself' : 'themselves';
  return `${names.join(', ')} still ${verb}, and ${ends} by ${itself} soon: once the others hold all that is there`;
}

export function waitingText(nodes: readonly RingNode[]): string {
  const names = nodes.toSorted(byName).map(({ name }) => name);
  return `${names.join(', ')} ${names.length === 1 ? 'waits' : 'wait'} to be taken in`;
}

function receiving({ nodes }: MoveProgress): readonly NodeProgress[] {
  return nodes.filter(({ incoming }) => incoming.total > 0).toSorted(byName);
}

function movedText({ done, total }: Share): string {
  if (total === 0) return 'nothing has to move';
  return `${done} of ${total} partitions that move have moved`;
}

function paceText(share: Share, pace: MovePace): string {
  const [rate, left] = paceParts(share, pace);
  if (share.done === share.total) return 'done';
  return left === '-' ? 'time left unknown' : `${rate}, about ${left} left`;
}

/** How fast, and the time left; '-' where nobody can tell. */
function paceParts(share: Share, pace: MovePace): [rate: string, left: string] {
  if (share.done === share.total) return ['-', 'done'];
  const left = pace.secondsLeft(share);
  if (left === undefined) return ['-', '-'];
  return [`${pace.perSecond.toFixed(1)}/s`, durationText(left)];
}

/** No finer than it can be known. */
export function durationText(seconds: number): string {
  if (seconds < 100) return `${Math.ceil(seconds)} s`;
  const minutes = seconds / 60;
  return minutes < 100 ? `${Math.ceil(minutes)} min` : `${Math.ceil(minutes / 60)} h`;
}

function bar({ done, total }: Share, width: number): string {
  const full = total === 0 ? width : Math.floor((width * done) / total);
  return `[${'#'.repeat(full)}${'-'.repeat(width - full)}]`;
}

function percent({ done, total }: Share): string {
  return `${total === 0 ? 100 : Math.floor((100 * done) / total)} %`;
}

function shareText({ done, total }: Share): string {
  return total === 0 ? '-' : `${done}/${total}`;
}

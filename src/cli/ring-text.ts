/** What `quorate ring` shows, as text. */
import type { NodeId } from '../../actors/rules/actor.js';
import { placementOf } from '../../actors/rules/placement.js';
import { layoutOf, type RingMessage, type RingNode } from '../wire/ring-message.js';
import { byName } from './cluster-status.js';
import { moveProgressOf, type MovePace, type MoveProgress, type Share } from './move-progress.js';
import { table } from './output.js';

const barWidth = 32;
const nodeBarWidth = 16;

/** Who answers for how much; while partitions move, also how many of them come and go. */
export function ringText(ring: RingMessage): string {
  const progress = moveProgressOf(ring);
  const answers = answeredFor(ring);
  const rows = ring.nodes.toSorted(byName).map((node) => {
    const { all, first } = answers.get(node.id) ?? nothing;
    const cells = [node.name, node.host, node.zone, stateOf(node), String(all), String(first)];
    const moves = progress?.nodes.find(({ id }) => id === node.id);
    if (moves !== undefined) cells.push(shareText(moves.incoming), shareText(moves.outgoing));
    cells.push(node.id);
    return cells;
  });
  const moving = progress === undefined ? [] : ['INCOMING', 'OUTGOING'];
  const header = ['NAME', 'HOST', 'ZONE', 'STATUS', 'PARTITIONS', 'FIRST OF', ...moving, 'ID'];
  const head = `${ring.groupOf.length} partitions, N=${ring.n}, layout ${ring.epoch}`;
  const lines = [head, ...(progress === undefined ? [] : [movedText(progress)])];
  return [...lines, table(header, rows)].join('\n');
}

const nothing = { all: 0, first: 0 };

/** Node → of how many partitions it is a reader, and the first one. */
function answeredFor(ring: RingMessage): ReadonlyMap<NodeId, { all: number; first: number }> {
  const counts = new Map<NodeId, { all: number; first: number }>();
  const layout = layoutOf(ring);
  for (let partition = 0; partition < ring.groupOf.length; partition++) {
    const { readers } = placementOf(layout, partition, ring.n);
    for (const [position, id] of readers.entries()) {
      const count = counts.get(id) ?? { all: 0, first: 0 };
      count.all++;
      if (position === 0) count.first++;
      counts.set(id, count);
    }
  }
  return counts;
}

export function stateOf({ removed, reachability }: RingNode): string {
  return removed === true ? 'removed' : reachability;
}

/** A progress bar, how fast it goes, and a bar for each node that partitions come to. */
export function moveText(progress: MoveProgress, pace: MovePace): string {
  const nodes = progress.nodes.filter(({ incoming }) => incoming.total > 0).toSorted(byName);
  const rows = nodes.map(({ name, incoming }) => [
    name,
    bar(incoming, nodeBarWidth),
    shareText(incoming),
  ]);
  return [
    `layout ${progress.layout}: ${movedText(progress)}`,
    `${bar(progress, barWidth)} ${percent(progress)}, ${paceText(progress, pace)}`,
    table(['TO', '', 'MOVED'], rows),
  ].join('\n');
}

/** In one line, for those who keep what is printed. */
export function moveLine(progress: MoveProgress, pace: MovePace): string {
  return `layout ${progress.layout}: ${movedText(progress)}, ${paceText(progress, pace)}`;
}

function movedText({ done, total }: Share): string {
  return `${done} of ${total} partitions that move have moved`;
}

function paceText(progress: MoveProgress, pace: MovePace): string {
  const left = pace.secondsLeft(progress);
  if (left === undefined) return 'time left unknown';
  return `${pace.perSecond.toFixed(1)}/s, about ${durationText(left)} left`;
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

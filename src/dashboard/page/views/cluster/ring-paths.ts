/** The ring as paths: partition 0 begins at the top, and it goes on clockwise. */
import { arc } from 'd3-shape';

/** Half the width of what is drawn on. */
export const ringRadius = 200;

/** Between these the owners are drawn, and around them what moves. */
const bandsFrom = 122;
const bandsTo = 182;
const movingFrom = 186;
const movingTo = 194;
const stillTo = 189;

/** And around that what differs. */
const differingFrom = 197;
const differingTo = 204;

/** On this circle the nodes stand within the ring. */
const nodesRadius = 84;

interface Reach {
  readonly first: number;
  readonly last: number;
}

const draw = arc<{ from: number; to: number; inner: number; outer: number }>()
  .startAngle(({ from }) => from)
  .endAngle(({ to }) => to)
  .innerRadius(({ inner }) => inner)
  .outerRadius(({ outer }) => outer);

/** The first band is the outermost. */
export function bandPath(arc: Reach, partitions: number, band: number, bands: number): string {
  const width = (bandsTo - bandsFrom) / bands;
  const outer = bandsTo - band * width;
  return pathBetween(arc, partitions, outer - width + 1, outer);
}

/** Thin what is still to move, thick what has. */
export function movingPath(arc: Reach, partitions: number, hasMoved: boolean): string {
  return pathBetween(arc, partitions, movingFrom, hasMoved ? movingTo : stillTo);
}

export function differingPath(partition: number, partitions: number): string {
  const reach = { first: partition, last: partition };
  return pathBetween(reach, partitions, differingFrom, differingTo);
}

/** All bands of a partition, for its outline and to be pointed at. */
export function partitionPath(partition: number, partitions: number): string {
  return pathBetween({ first: partition, last: partition }, partitions, bandsFrom, movingTo);
}

function pathBetween(reach: Reach, partitions: number, inner: number, outer: number): string {
  const from = (2 * Math.PI * reach.first) / partitions;
  const to = (2 * Math.PI * (reach.last + 1)) / partitions;
  return draw({ from, to, inner, outer }) ?? '';
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Which partition lies there, the ring's middle being 0, 0; undefined: none. */
export function partitionAt({ x, y }: Point, partitions: number): number | undefined {
  const distance = Math.hypot(x, y);
  if (distance < bandsFrom || distance > movingTo) return undefined;
  const turn = (Math.atan2(x, -y) / (2 * Math.PI) + 1) % 1;
  return Math.min(partitions - 1, Math.floor(turn * partitions));
}

/** Where a node stands within the ring. */
export function nodePoint(index: number, nodes: number): Point {
  if (nodes === 1) return { x: 0, y: 0 };
  const angle = (2 * Math.PI * index) / nodes;
  return { x: nodesRadius * Math.sin(angle), y: -nodesRadius * Math.cos(angle) };
}

/** From one node to another, bent so that the way back lies beside it. */
export function linkPath(from: Point, to: Point): string {
  const { control } = bent(from, to);
  return `M${at(from)}Q${at(control)} ${at(to)}`;
}

/** In the middle of that. */
export function linkMiddle(from: Point, to: Point): Point {
  const { control } = bent(from, to);
  return {
    x: (from.x + 2 * control.x + to.x) / 4,
    y: (from.y + 2 * control.y + to.y) / 4,
  };
}

function bent(from: Point, to: Point): { readonly control: Point } {
  const bend = 0.18;
  const control = {
    x: (from.x + to.x) / 2 - bend * (to.y - from.y),
    y: (from.y + to.y) / 2 + bend * (to.x - from.x),
  };
  return { control };
}

function at({ x, y }: Point): string {
  return `${x.toFixed(1)},${y.toFixed(1)}`;
}

/** Paths of arrows: straight pieces with round corners, and a head. */
import type { Point } from './placing.js';

const cornerRadius = 6;
const headLength = 7;
const headHalf = 3.5;

/** Corners are as round as the pieces between them allow. */
export function pathOf(points: readonly Point[]): string {
  const [first, ...others] = points;
  if (first === undefined) return '';
  const pieces = others.map((point, index) => {
    const next = others[index + 1];
    if (next === undefined) return `L${at(point)}`;
    const before = points[index]!;
    const room = Math.min(distance(before, point), distance(point, next)) / 2;
    const radius = Math.min(cornerRadius, room);
    return `L${at(towards(point, before, radius))}Q${at(point)} ${at(towards(point, next, radius))}`;
  });
  return `M${at(first)}${pieces.join('')}`;
}

/** At the end of the path. */
export function headOf(points: readonly Point[]): string {
  const tip = points.at(-1);
  const before = points.at(-2);
  if (tip === undefined || before === undefined) return '';
  const { x, y } = towards(tip, before, headLength);
  const [across, down] = [(tip.x - x) / headLength, (tip.y - y) / headLength];
  const left = { x: x - down * headHalf, y: y + across * headHalf };
  const right = { x: x + down * headHalf, y: y - across * headHalf };
  return `M${at(tip)}L${at(left)}L${at(right)}Z`;
}

function at({ x, y }: Point): string {
  return `${rounded(x)},${rounded(y)}`;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function towards(from: Point, to: Point, by: number): Point {
  const length = distance(from, to) || 1;
  return {
    x: from.x + ((to.x - from.x) / length) * by,
    y: from.y + ((to.y - from.y) / length) * by,
  };
}

/**
 * Intervals, found by the time they cover: in the order of their beginnings, with the latest end of
 * all, of each half, of each half of that, and so on. However long some of them are, nothing takes
 * more room than its number of them, and nothing is looked at that does not lead to one.
 */
import { firstWhere } from './sorted.js';

export interface Interval {
  readonly fromUs: number;
  readonly toUs: number;
}

export interface Window {
  readonly from: number;
  readonly to: number;
  /** The last ones, by their beginnings. */
  readonly most: number;
}

export class IntervalIndex {
  private readonly width: number;
  /** Of the whole at 1; of the halves of what is at n, at 2n and 2n + 1. */
  private readonly latest: Float64Array;

  /** In the order of their beginnings. */
  constructor(private readonly intervals: readonly Interval[]) {
    this.width = 2 ** Math.ceil(Math.log2(Math.max(1, intervals.length)));
    const latest = new Float64Array(2 * this.width).fill(Number.NEGATIVE_INFINITY);
    for (const [number, { toUs }] of intervals.entries()) latest[this.width + number] = toUs;
    for (let at = this.width - 1; at > 0; at--)
      latest[at] = Math.max(latest[2 * at]!, latest[2 * at + 1]!);
    this.latest = latest;
  }

  /** The numbers of those that cover any of the time, in order. */
  within({ from, to, most }: Window): number[] {
    const end = firstWhere(this.intervals, ({ fromUs }) => fromUs > to);
    const found: number[] = [];
    this.collect(found, { at: 1, first: 0, width: this.width }, { from, end, most });
    return found.toReversed();
  }

  /** From the last one on. */
  private collect(
    found: number[],
    part: { readonly at: number; readonly first: number; readonly width: number },
    wanted: { readonly from: number; readonly end: number; readonly most: number },
  ): void {
    const { at, first, width } = part;
    if (found.length >= wanted.most || first >= wanted.end) return;
    if (this.latest[at]! < wanted.from) return;
    if (width === 1) {
      found.push(first);
      return;
    }
    const half = width / 2;
    this.collect(found, { at: 2 * at + 1, first: first + half, width: half }, wanted);
    this.collect(found, { at: 2 * at, first, width: half }, wanted);
  }
}

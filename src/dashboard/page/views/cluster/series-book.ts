/**
 * The measures of each node over the last minutes, read off the pictures of the page's store as
 * they come.
 */
import { clusterViewLimits } from '../../../../../actors/rules/limits/cluster-view.js';
import type { ClusterPicture, StatusPicture } from '../../../wire.js';
import type { BoundedList } from '../../bounded-list.js';
import { measures } from '../../parts/measures.js';
import { isSilent } from './sight-model.js';

export type Point = number | null;

/** Of one node: by measure, a point for each time. */
type Lines = Map<string, Point[]>;

export class SeriesBook {
  /** Seconds since 1970, ascending. */
  readonly times: number[] = [];
  private readonly nodes = new Map<string, Lines>();
  private readonly before = new Map<string, StatusPicture>();
  /** The number of the picture that is read next. */
  private next = 0;

  /** Those that came since it read them last; false: there are none. */
  read(pictures: BoundedList<ClusterPicture>): boolean {
    const from = Math.max(this.next, pictures.first);
    if (pictures.next === from) return false;
    for (const picture of pictures.since(from)) this.take(picture);
    this.next = pictures.next;
    return true;
  }

  /** A point for each time. */
  line(node: string, measure: string): readonly Point[] {
    const known = this.nodes.get(node)?.get(measure);
    return known ?? Array.from(this.times, () => null);
  }

  /** The newest time that is not later: its index; -1: there is none. */
  indexAt(atMs: number): number {
    return this.times.findLastIndex((time) => time * 1000 <= atMs);
  }

  private take({ atMs, nodes }: ClusterPicture): void {
    const atS = atMs / 1000;
    const lastS = this.times.at(-1);
    // A file that was wound back, or a clock.
    if (lastS !== undefined && atS <= lastS) {
      if (atS === lastS) return;
      this.clear();
    }
    if (lastS !== undefined && atMs - lastS * 1000 > clusterViewLimits.staleMsMin)
      this.breakOff(lastS);
    this.times.push(atS);
    for (const id of this.before.keys())
      if (!nodes.some((node) => node.id === id)) this.before.delete(id);
    for (const { id, status, silentMs } of nodes)
      this.add(id, status === null || isSilent({ status, silentMs }) ? undefined : status);
    this.evenOut();
  }

  /** Nobody looked for a while: no line leads over that, and nothing is measured of it. */
  private breakOff(lastS: number): void {
    this.times.push(lastS + 1);
    this.before.clear();
    this.evenOut();
  }

  private add(id: string, status: StatusPicture | undefined): void {
    const before = this.before.get(id);
    const lines = this.nodes.get(id) ?? this.begin(id);
    for (const { name, of } of measures)
      lines.get(name)!.push(status === undefined ? null : of(before, status));
    if (status === undefined) this.before.delete(id);
    else this.before.set(id, status);
  }

  private begin(id: string): Lines {
    const earlier = this.times.length - 1;
    const lines: Lines = new Map(
      measures.map(({ name }) => [name, Array.from({ length: earlier }, () => null)]),
    );
    this.nodes.set(id, lines);
    return lines;
  }

  /** Nobody who is not in a picture misses a point; the oldest go; who has none left goes too. */
  private evenOut(): void {
    const { times } = this;
    const tooMany = Math.max(0, times.length - clusterViewLimits.pointsMax);
    for (const [id, lines] of this.nodes) {
      let isKnown = false;
      for (const points of lines.values()) {
        if (points.length < times.length) points.push(null);
        points.splice(0, tooMany);
        isKnown ||= points.some((point) => point !== null);
      }
      if (!isKnown && !this.before.has(id)) this.nodes.delete(id);
    }
    times.splice(0, tooMany);
  }

  private clear(): void {
    this.times.length = 0;
    this.nodes.clear();
    this.before.clear();
  }
}

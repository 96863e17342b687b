/** The ring of the current members, computed when something changed that it depends on. */
import type { NodeId } from '../../actors/rules/actor.js';
import { type Ring, ringOf } from '../../actors/rules/ring.js';
import type { Roster } from './roster.js';

export class RingCache {
  private ring: Ring;
  private revision = 0;
  private members = '[]';
  /** N → replica group → primaries. */
  private primariesOf: (readonly NodeId[])[][] = [];

  constructor(private readonly partitions: number) {
    this.ring = ringOf([], partitions);
  }

  get current(): Ring {
    return this.ring;
  }

  /** Returns whether the ring is another one now. */
  update(roster: Roster): boolean {
    if (roster.revision === this.revision) return false;
    this.revision = roster.revision;
    const active = roster.active();
    const places = active.map(({ id, host, zone, weight }) => [id, host, zone, weight]);
    const members = JSON.stringify(places);
    if (members === this.members) return false;
    this.members = members;
    this.ring = ringOf(active, this.partitions);
    this.primariesOf = [];
    return true;
  }

  primaries(partition: number, n: number): readonly NodeId[] {
    const groups = (this.primariesOf[n] ??= []);
    const group = this.ring.groupOf(partition);
    return (groups[group] ??= this.ring.preferenceList(partition).slice(0, n));
  }
}

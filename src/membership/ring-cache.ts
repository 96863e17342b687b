/** The ring of the members and the placements that follow, made again when members changed. */
import { type ConfigurationNumber, configurationOf } from '../../actors/rules/said-configuration.js';
import { type Placement, placementOf } from '../../actors/rules/placement.js';
import { type Ring, ringOf } from '../../actors/rules/ring.js';
import type { Roster } from './roster.js';

export class RingCache {
  configuration: ConfigurationNumber;
  private ring: Ring;
  private revision = 0;
  private members = '[]';
  /** N → replica group → placement. */
  private placements: Placement[][] = [];

  constructor(private readonly partitions: number) {
    this.ring = ringOf([], partitions);
    this.configuration = configurationOf(this.ring);
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
    this.configuration = configurationOf(this.ring);
    this.placements = [];
    return true;
  }

  placement(partition: number, n: number): Placement {
    const groups = (this.placements[n] ??= []);
    const group = this.ring.groupOf(partition);
    return (groups[group] ??= placementOf(this.ring, partition, n));
  }
}

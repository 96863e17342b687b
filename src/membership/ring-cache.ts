/** The layout of the configuration a node goes by, and the placements that follow from it. */
import {
  type ClusterId,
  type Configuration,
  type Place,
  samePlaces,
} from '../../actors/rules/configuration.js';
import { type Layout, type Placement, placementOf } from '../../actors/rules/placement.js';
import { type Ring, ringOf } from '../../actors/rules/ring.js';
import type { ConfigurationNumber } from '../../actors/rules/said-configuration.js';

/** By which who knows no configuration goes; there is none of this number. */
const none: ConfigurationNumber = 0;

/** It costs milliseconds: of places that stay it is not computed again. */
interface ComputedRing {
  readonly places: readonly Place[];
  readonly ring: Ring;
}

export class RingCache {
  private configuration: Configuration | undefined;
  private owners: ComputedRing;
  private incoming: ComputedRing | undefined;
  private moved: ReadonlySet<number> = new Set();
  /** N → partition → placement. */
  private placements: Placement[][] = [];
  /** N → what partitions share that share a placement → placement. */
  private groups: Map<string, Placement>[] = [];

  constructor(private readonly partitions: number) {
    this.owners = { places: [], ring: ringOf([], partitions) };
  }

  /** Of who owns the partitions, whatever they are to become. */
  get current(): Ring {
    return this.owners.ring;
  }

  get cluster(): ClusterId | undefined {
    return this.configuration?.cluster;
  }

  get layoutNumber(): ConfigurationNumber {
    return this.configuration?.layout ?? none;
  }

  get layout(): Layout {
    const { owners, incoming, moved } = this;
    if (incoming === undefined) return owners.ring;
    const hasMoved = (partition: number): boolean => moved.has(partition);
    return { ...owners.ring, next: { ...incoming.ring, hasMoved } };
  }

  goBy(configuration: Configuration): void {
    const { members, move } = configuration;
    const known = [this.owners, this.incoming];
    const ringWith = (places: readonly Place[]): ComputedRing =>
      known.find((computed) => computed !== undefined && samePlaces(computed.places, places)) ?? {
        places,
        ring: ringOf(places, this.partitions),
      };
    this.configuration = configuration;
    this.owners = ringWith(members);
    this.incoming = move && ringWith(move.members);
    this.moved = new Set(move?.moved);
    this.placements = [];
    this.groups = [];
  }

  placement(partition: number, n: number): Placement {
    const ofN = (this.placements[n] ??= []);
    return (ofN[partition] ??= this.sharedPlacement(partition, n));
  }

  private sharedPlacement(partition: number, n: number): Placement {
    const { owners, incoming, moved } = this;
    const groups = [owners, incoming].map((computed) => computed?.ring.groupOf(partition));
    const name = [...groups, moved.has(partition)].join();
    const ofN = (this.groups[n] ??= new Map());
    let placement = ofN.get(name);
    if (placement === undefined) {
      placement = placementOf(this.layout, partition, n);
      ofN.set(name, placement);
    }
    return placement;
  }
}

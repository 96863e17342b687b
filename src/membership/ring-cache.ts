/** The layout of the configuration a node goes by, and the placements that follow from it. */
import type { ClusterId, Configuration } from '../../actors/rules/configuration.js';
import {
  type ConfiguredLayout,
  type Direction,
  directionOf,
  layoutOf,
} from '../../actors/rules/layout.js';
import { type Layout, type Placement, placementOf } from '../../actors/rules/placement.js';
import { type Ring, ringOf } from '../../actors/rules/ring.js';
import type { ConfigurationNumber } from '../../actors/rules/said-configuration.js';

/** By which who knows no configuration goes; there is none of this number. */
const none: ConfigurationNumber = 0;

export class RingCache {
  private configuration: Configuration | undefined;
  private configured: ConfiguredLayout | undefined;
  /** In which it moves, if it does. */
  direction: Direction | undefined;
  /** Of nobody. */
  private readonly empty: Ring;
  /** N → group of partitions → placement. */
  private placements: Placement[][] = [];

  constructor(partitions: number) {
    this.empty = ringOf([], partitions);
  }

  /** Of who owns the partitions, whatever they are to become. */
  get current(): Ring {
    return this.configured?.rings[0]!.ring ?? this.empty;
  }

  get cluster(): ClusterId | undefined {
    return this.configuration?.cluster;
  }

  get layoutNumber(): ConfigurationNumber {
    return this.configuration?.layout ?? none;
  }

  get layout(): Layout {
    return this.configured ?? this.empty;
  }

  goBy(configuration: Configuration): void {
    this.configuration = configuration;
    this.configured = layoutOf(configuration, this.configured);
    this.direction = directionOf(configuration);
    this.placements = [];
  }

  placement(partition: number, n: number): Placement {
    const { layout } = this;
    const group = (this.configured ?? this.empty).groupOf(partition);
    const groups = (this.placements[n] ??= []);
    return (groups[group] ??= placementOf(layout, partition, n));
  }
}

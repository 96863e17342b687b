/** What a drawn world is made of. */
import type { ClusterOptions } from './cluster/sim-cluster.js';
import type { ForgerOptions } from './workload/forger.js';
import type { WatcherOptions } from './workload/watcher.js';
import type { WorkOptions } from './workload/work-client.js';

export interface TimedFault {
  readonly atUs: number;
  readonly text: string;
}

export interface WorldOptions {
  readonly seed: string;
  readonly cluster: ClusterOptions;
  readonly work: WorkOptions;
  readonly clients: number;
  /** How many of them use the TypeScript client; the others speak plain NATS. */
  readonly frameClients: number;
  /** How long clients work and faults happen. */
  readonly workUs: number;
  /** Nodes of the core that heals first; the others are down until it has shown progress. */
  readonly core: readonly string[];
  readonly faults: readonly TimedFault[];
  /**
   * While the cluster is founded, starts of its nodes among them; none: all start at once and
   * nothing goes wrong.
   */
  readonly bootFaults: readonly TimedFault[];
  /**
   * What befalls FIRST, the node that first tells that it has a list of founders on its disk, in
   * that moment.
   */
  readonly firstVoterFaults: readonly string[];
  /**
   * What befalls LATE, the same node of another world: one of the founders, which agreed with the
   * others and does not hear or keep that all have, while they serve and clients work. `atUs` after
   * it told that it agreed; empty: all know of their cluster before work begins.
   */
  readonly lateFounderFaults?: readonly TimedFault[] | undefined;
  /** Its membership changes: in the end nothing is under way, and all hold only what is theirs. */
  readonly isChanging?: boolean | undefined;
  /** Only the wall clock of this one jumps, and the others are right but for less than a second. */
  readonly jumper?: string | undefined;
  readonly forger?: ForgerOptions | undefined;
  /** Who watches, each with the bucket. */
  readonly watchers?: readonly (WatcherOptions & { readonly bucket: string })[] | undefined;
  /**
   * A disk lost what it had acknowledged: promises that hold only while disks keep are not checked.
   */
  readonly disksKeep: boolean;
}

/** Members of a cluster, as each node believes them to be. */
import type { NodeId } from './actor.js';

export interface Member {
  readonly id: NodeId;
  readonly name: string;
  /** Replicas go to distinct hosts, then to distinct zones. */
  readonly host: string;
  readonly zone: string;
  readonly weight: number;
  readonly pid: number;
  /** Raised by the member itself at each start, and when it refutes being called down. */
  readonly generation: number;
  readonly heartbeat: number;
  /** `joining` members hold no partitions yet; see `founding`. */
  readonly status: 'joining' | 'active' | 'left';
}

export type Reachability = 'alive' | 'suspect' | 'down';

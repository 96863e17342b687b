/** A store under load: something that is started for the run, driven by a client process, and stopped. */
import type { SystemName } from '../plan.js';

export interface System {
  readonly name: SystemName;
  /** What a reader must know to compare; one line. */
  readonly about: string;
  readonly w: number;
  readonly r: number;
  /** When an acknowledged put is on disk. */
  readonly durability: string;
  start(directory: string): Promise<RunningSystem>;
}

export interface RunningSystem {
  /** For the driver of that name in the client process. */
  readonly target: Target;
  /** Processes whose CPU time counts, without the client's. */
  pids(): readonly number[];
  stop(): Promise<void>;
}

/** What a client process is told to connect to. */
export interface Target {
  readonly driver: SystemName;
  readonly servers: readonly string[];
  readonly w: number;
  readonly r: number;
}

/**
 * A store under load: something that is started for the run, driven by client processes, and
 * stopped.
 */
export interface System {
  /** What a reader must know to compare; one line. */
  readonly about: string;
  start(directory: string): Promise<RunningSystem>;
}

export interface RunningSystem {
  /** For the drivers in the client processes. */
  readonly servers: readonly string[];
  /** Processes whose CPU time and memory count, without the clients'. */
  pids(): readonly number[];
  /** All that its processes made so far; undefined where nobody counts them. */
  fsyncs(): Promise<number | undefined>;
  stop(): Promise<void>;
}

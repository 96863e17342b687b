/**
 * Where the page gets what it shows: from the server, live (`live-source.ts`), or from a trace file
 * (`file-source.ts`). Views do not ask which, but for what only a live cluster can do.
 */
import type {
  BreakRequest,
  ChartDefinition,
  ClusterPicture,
  Greeting,
  KeyAnswer,
  KeyPicture,
  KeyRequest,
  KeysPage,
  Note,
  NoteBatch,
  Sampling,
  TraceSummary,
} from '../wire.js';

export type Connection = 'connecting' | 'open' | 'lost';

export interface SourceListener {
  greeted(greeting: Greeting): void;
  pictured(picture: ClusterPicture): void;
  noted(batch: NoteBatch): void;
  connected(connection: Connection): void;
  /** All that was told before is of another time: a file was wound back. */
  cleared(): void;
}

export interface Source {
  readonly kind: 'live' | 'file';
  /** What is shown beside the name: addresses, or a file's name. */
  readonly title: string;
  open(listener: SourceListener): void;
  close(): void;
  charts(): Promise<readonly ChartDefinition[]>;
  /** Events of before the page was opened. */
  timeline(): Promise<readonly Note[]>;
  traces(): Promise<readonly TraceSummary[]>;
  trace(id: string): Promise<readonly Note[]>;
  /** Of a live cluster alone. */
  readonly cluster?: LiveCluster;
  /** Of a file alone. */
  readonly player?: Player;
}

/** So few nodes run, or can be reached, that nobody answered. It may be asked again. */
export class UnansweredError extends Error {
  override readonly name = 'UnansweredError';

  constructor() {
    super(
      'No node has answered in time: most are down or starting, or NATS can’t be reached. It is asked again by itself.',
    );
  }
}

/** What is asked of a cluster or done to it; each throws an `Error` with a sentence. */
export interface LiveCluster {
  keys(bucket: string, after: string): Promise<KeysPage>;
  key(bucket: string, key: string): Promise<KeyPicture>;
  put(request: KeyRequest): Promise<KeyAnswer>;
  get(request: KeyRequest): Promise<KeyAnswer>;
  delete(request: KeyRequest): Promise<KeyAnswer>;
  /** Which requests are traced besides those that ask for it. */
  sampling(): Promise<Sampling>;
  sample(sampling: Sampling): Promise<Sampling>;
  /** Refused unless the server started the nodes (`Greeting.canBreak`). */
  break(request: BreakRequest): Promise<void>;
}

/** Goes through a file by its own time. */
export interface Player {
  readonly fromUs: number;
  readonly toUs: number;
  readonly atUs: number;
  readonly isPlaying: boolean;
  /** How many times as fast as it happened. */
  readonly speed: number;
  readonly notes: readonly Note[];
  seek(atUs: number): void;
  play(): void;
  pause(): void;
  setSpeed(speed: number): void;
}

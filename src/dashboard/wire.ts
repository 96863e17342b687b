/**
 * What the dashboard's server and its page tell each other: types only, so that both are made of
 * the same words. What a node says in its status and its ring is a superset of what stands here.
 */

import type { PlainValue, StateValue, Note, TracedNode } from '../insight/notes.js';

export type * from '../insight/notes.js';
export type * from './chart-form.js';

export type NodeLabel = TracedNode;

export type Reach = 'alive' | 'suspect' | 'down';

/** The whole cluster at one moment. */
export interface ClusterPicture {
  readonly atMs: number;
  /** The addresses of NATS, without passwords; '' of a file. */
  readonly servers: string;
  /** By name. */
  readonly nodes: readonly NodePicture[];
  /** Null while nobody answers. */
  readonly ring: RingPicture | null;
  /** Of all nodes together. */
  readonly rates: Rates;
  /** Of who started the nodes, where that is the dashboard's own process: noted by `up`. */
  readonly charts?: readonly ChartInstance[];
  /** What the one who looks can't see, in sentences: nobody answers, notes were left out, … */
  readonly problems: readonly string[];
}

export interface NodePicture extends NodeLabel {
  /** As it last answered; null: it never did. */
  readonly status: StatusPicture | null;
  /** How long ago that was. */
  readonly silentMs: number;
  /** As the ring says it. */
  readonly reach: Reach;
  readonly isRemoved: boolean;
  readonly isLeaving: boolean;
  /** How it sees the others; null: it did not say. */
  readonly view: NodeView | null;
  readonly rates: Rates;
  /** Of a cluster that the dashboard's own process started. */
  readonly process?: ProcessPicture;
}

export interface ProcessPicture {
  /** It was started with: an operator may have named the node otherwise since. */
  readonly name: string;
  readonly state: 'running' | 'paused' | 'disconnected' | 'stopped';
}

export interface NodeView {
  readonly reach: Readonly<Record<string, Reach>>;
  /** Ids of those that NATS says are not there. */
  readonly absent: readonly string[];
  /** Hints it owes, by the id of whom it owes them to. */
  readonly hints: Readonly<Record<string, number>>;
  /** Partitions it knows to differ from another node's; not there: it did not say. */
  readonly differing?: readonly number[];
  readonly charts: readonly ChartInstance[];
}

export interface ChartInstance {
  readonly chart: string;
  readonly instance: string;
  readonly state: StateValue | null;
  readonly context?: PlainValue;
}

/** Per second, and milliseconds where the name says so; null: too little happened to say. */
export interface Rates {
  readonly puts: number;
  readonly gets: number;
  readonly failures: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

/** What the page reads of a node's status. */
export interface StatusPicture extends NodeLabel {
  /** The name it was told at its start; of an older version: not there. */
  readonly startedAs?: string;
  readonly status: string;
  readonly pid: number;
  readonly uptimeMs: number;
  readonly partitions: number;
  readonly keys: number;
  readonly hints: number;
  readonly hintBytes: number;
  readonly clockAheadMs: number;
  readonly clockOffsetsMs: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
  readonly counters: Readonly<Record<string, number>>;
  readonly histograms: Readonly<Record<string, HistogramPicture>>;
}

export interface HistogramPicture {
  readonly upTo: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
}

/** As `kv.ring` has it: preference lists as indexes into its nodes. */
export interface RingPicture {
  readonly epoch: number;
  readonly n: number;
  readonly r: number;
  readonly nodes: readonly RingNodePicture[];
  readonly groups: readonly (readonly number[])[];
  /** Partition → index into `groups`. */
  readonly groupOf: readonly number[];
  readonly buckets: readonly (readonly [bucket: string, n: number, r: number])[];
  /** Only while partitions move: to these lists; the runs have moved. */
  readonly move?: {
    readonly groups: readonly (readonly number[])[];
    readonly groupOf: readonly number[];
    readonly moved: readonly (readonly [first: number, last: number])[];
  };
}

export interface RingNodePicture extends NodeLabel {
  readonly weight?: number;
  readonly reachability: Reach;
  readonly removed?: true;
  readonly leaving?: true;
}

export interface TraceSummary {
  readonly id: string;
  readonly atUs: number;
  readonly what: string;
  readonly key: string;
  readonly outcome: string;
  readonly ms: number;
  /** Ids of the nodes that noted it. */
  readonly nodes: readonly string[];
}

export interface KeysPage {
  readonly keys: readonly string[];
  /** What to ask for after these; null: there are no more. */
  readonly next: string | null;
}

/** A key, and what each node holds of it. */
export interface KeyPicture {
  readonly bucket: string;
  readonly key: string;
  readonly partition: number;
  /** Ids of nodes, by the placement of its partition. */
  readonly primaries: readonly string[];
  readonly incoming: readonly string[];
  readonly readers: readonly string[];
  readonly fallbacks: readonly string[];
  readonly copies: readonly KeyCopy[];
}

export interface KeyCopy {
  readonly node: string;
  readonly isHeld: boolean;
  readonly context: PlainValue;
  readonly siblings: readonly SiblingPicture[];
  /** Ids of nodes: it holds a hint of this key for each. Not there: for nobody. */
  readonly owedTo?: readonly string[];
  /** It did not say what it holds, and why. */
  readonly error?: string;
}

export interface SiblingPicture {
  readonly dot: string;
  readonly bytes: number;
  /** Its first bytes as text. */
  readonly value?: string;
  readonly isTombstone: boolean;
}

/** `POST /api/put`, `/api/get` and `/api/delete`. */
export interface KeyRequest {
  readonly bucket: string;
  readonly key: string;
  /** Of a put. */
  readonly value?: string;
  /** What an earlier answer gave. */
  readonly context?: string;
  readonly r?: number;
  readonly w?: number;
  readonly strict?: boolean;
  readonly trace?: boolean;
}

export interface KeyAnswer {
  readonly outcome: 'done' | 'none' | 'unknown';
  /** As in `Nats-Service-Error-Code`; 0: done. */
  readonly code: number;
  readonly text: string;
  readonly ms: number;
  readonly context?: string;
  readonly receipt?: string;
  /** Values of a get, as text. */
  readonly values?: readonly string[];
  readonly trace?: string;
}

/** `POST /api/sample`: which requests are traced besides those that ask for it. */
export interface Sampling {
  /** From 0 to 1. */
  readonly rate: number;
  /** Those that took longer; 0: none for that. */
  readonly slowMs: number;
  readonly failed: boolean;
}

export type BreakHow = 'kill' | 'pause' | 'resume' | 'disconnect' | 'connect' | 'restart';

export interface BreakRequest {
  /** The name of its process. */
  readonly node: string;
  readonly how: BreakHow;
}

/** The first event of `GET /api/stream`: what this server can do. */
export interface Greeting {
  /** Drawn by each process: another one has another page. */
  readonly process: string;
  /** It started the nodes, so it may break them. */
  readonly canBreak: boolean;
  /** It was given a trace file to show. */
  readonly hasReplay: boolean;
  /** It shows a cluster. */
  readonly hasCluster: boolean;
}

/** `notes` of `GET /api/stream`. */
export interface NoteBatch {
  readonly notes: readonly Note[];
  /** So many notes, rounds and traces were left out before them. */
  readonly dropped: number;
}

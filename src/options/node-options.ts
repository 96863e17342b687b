/** What one node is told at its start; everything else it learns from the bus and its disk. */
import { bucketOptionsDefault, type BucketOptions } from '../../actors/rules/bucket.js';
import type { unknownChoices } from '../../actors/rules/bucket-book.js';
import type { RingVersion } from '../../actors/rules/configuration.js';
import { limits } from '../../actors/rules/limits.js';
import { partLimits } from '../../actors/rules/limits/parts.js';
import type { JoinWish } from '../../actors/rules/membership.js';
import type { Durability } from '../../actors/rules/durability.js';
import type { StoreBounds } from './store-bounds.js';

export interface NodeOptions {
  readonly name: string;
  /** The physical host replicas are spread over. */
  readonly host: string;
  readonly zone: string;
  readonly weight: number;
  readonly dataDir: string;
  /** Of this process; members tell it to each other, for `status`. 0: not told. */
  readonly pid: number;
  /** Subjects start with it; `kv` unless several clusters share one NATS account. */
  readonly prefix: string;
  readonly partitions: number;
  readonly durability: Durability;
  /**
   * LZ4 in LMDB for records above `storeLimits.compressedBytesMin`: less disk for values that
   * repeat themselves, for about four times the CPU of a flush.
   */
  readonly compression: boolean;
  /** Memory and disk the store may take, where they differ from `storeLimits`. */
  readonly storeBounds?: Partial<StoreBounds>;
  /**
   * Whether the store overwrites memory it will use again, so that whoever still looks at it
   * notices: for tests and the simulator.
   */
  readonly scrubMemory: boolean;
  /**
   * Nodes that must have met before they found a cluster together; 0: this one founds none, and
   * none is founded with it.
   */
  readonly founders: number;
  /**
   * Of which version the ring of a cluster is that it founds. Those that are there keep theirs,
   * until an operator plans another.
   */
  readonly foundingRing: RingVersion;
  /**
   * Whether this node, coming to a cluster that is there, is taken in without an operator, or when
   * one says so.
   */
  readonly join: JoinWish['join'];
  /**
   * Of a node with an empty disk, by name or id: the member that is gone for good in whose stead it
   * comes; '': it comes as another one.
   */
  readonly replaces: string;
  readonly defaults: BucketOptions;
  readonly buckets: Readonly<Record<string, Partial<BucketOptions>>>;
  /** Whether a bucket that is none of these is served by the defaults, or refused. */
  readonly unknown: (typeof unknownChoices)[number];
  /**
   * How long a tombstone stays after the delete; longer than any message or restored process can be
   * under way.
   */
  readonly tombstoneGraceMs: number;
  /** How long the parts of a big value wait for its manifest: from the begin of the upload. */
  readonly uploadLeaseMs: number;
  /** How long a hint waits for its target before the other primaries get it in its place. */
  readonly hintAgeMs: number;
  /** Whether `kv.changed.…` events are published. */
  readonly changeEvents: boolean;
}

export const NodeOptions = Symbol('NodeOptions');

export const nodeOptionsDefault: Omit<NodeOptions, 'name' | 'dataDir'> = {
  host: '',
  zone: '',
  weight: 1,
  pid: 0,
  prefix: 'kv',
  partitions: 256,
  durability: { kind: 'sync' },
  compression: false,
  scrubMemory: false,
  founders: 3,
  foundingRing: 2,
  join: 'auto',
  replaces: '',
  defaults: bucketOptionsDefault,
  buckets: {},
  unknown: 'defaults',
  tombstoneGraceMs: limits.tombstoneGraceMsDefault,
  uploadLeaseMs: partLimits.uploadLeaseMsDefault,
  hintAgeMs: limits.hintAgeMsMax,
  changeEvents: true,
};

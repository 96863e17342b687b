/**
 * The coordinator as the ways in see it: requests go in, each is answered exactly once. Implemented
 * by `round-coordinator.ts`.
 */
import type { ByteString } from '../../actors/rules/key.js';
import type { OnlyIf } from '../../actors/rules/condition.js';
import type { KeyState, SeenContext } from '../../actors/rules/versions.js';
import type { QuorateError } from '../errors.js';
import type { TraceMark } from '../seams/tracing.js';
import type { CopiedPut } from '../wire/copied-puts.js';
import type { Copy } from '../wire/copy-age.js';
import type { Receipt } from '../wire/receipt.js';

/** What a condition is compared with. */
export interface Compared {
  /** What the nodes hold of the key, merged. */
  readonly state: KeyState;
  /** How many; under `strict` primaries alone. */
  readonly nodes: number;
  readonly strict: boolean;
}

/** Names one key and how many nodes must answer. */
interface RequestBase {
  readonly bucket: ByteString;
  readonly key: ByteString;
  readonly partition: number;
  /** W of a put, R of a get; 1 … N of the bucket. */
  readonly quorum: number;
  /** Only primaries count. */
  readonly strict: boolean;
  /** On the coordinator's monotonic clock. */
  readonly deadlineMs: number;
  /** Not there unless it is under the glass. */
  readonly trace?: TraceMark;
}

export interface PutRequest extends RequestBase {
  /** A copy the coordinator may keep; `null` deletes. */
  readonly value: Uint8Array | null;
  /** The value is the encoded manifest of a big value; not there: it is none. */
  readonly isManifest?: boolean;
  /**
   * `undefined`: blind. The empty context: "I have seen nothing, keep mine beside whatever is
   * there".
   */
  readonly context: SeenContext | undefined;
  /**
   * What other nodes hold of the key, once it was looked up because the context claims more than
   * this one does.
   */
  readonly found?: KeyState;
  /** No node holds more of what the context claims: the rest is nowhere any more. */
  readonly isAllFound?: boolean;
  /** 0: the bucket's; `limits.ttlMsNone`: none. */
  readonly ttlMs: number;
  /** '' for none. */
  readonly operation: ByteString;
  readonly copy: Copy;
  /** By a node that does it itself, as a later copy, when it loses this one. */
  readonly isPassedOn?: boolean;
  /** When its author first asked, as far as that is known; on the coordinator's monotonic clock. */
  readonly askedMs: number;
  /** Earlier puts of the key that its author tried more than once. */
  readonly copied?: readonly CopiedPut[] | undefined;
  /** Not there unless it is done on a condition. */
  readonly onlyIf?: OnlyIf;
  /** Once that was looked up. */
  readonly compared?: Compared;
  readonly onReply: (reply: PutReply) => void;
}

export interface GetRequest extends RequestBase {
  /** Of one that looks up what a put is compared with: told in the place of values. */
  readonly onCompared?: (compared: Compared) => void;
  readonly onReply: (reply: GetReply) => void;
}

export type PutReply =
  /**
   * The context as `encodeSeen` writes it: everyone who is told of the put passes it on as bytes.
   */
  | { readonly ok: true; readonly context: Buffer; readonly receipt: Receipt }
  | { readonly ok: false; readonly error: QuorateError };

export type GetReply =
  | {
      readonly ok: true;
      /** As `encodeContext` writes it. */
      readonly context: Buffer;
      /**
       * What the client is shown: at least one value that is not a tombstone; more than one: a
       * conflict.
       */
      readonly values: readonly (Uint8Array | null)[];
      /** Which of them are manifests, by index; not there: none is. */
      readonly manifests?: readonly number[];
      readonly receipt: Receipt;
      /** Of one value that expires: how long it still lives. */
      readonly expiresInMs?: number;
    }
  /** A 404 that met its quorum carries the context of the tombstones, if any. */
  | { readonly ok: false; readonly error: QuorateError; readonly context?: Buffer };

export type { Receipt };

export interface Coordinator {
  /**
   * Refuses at once (through `onReply`) what is past a limit, past its deadline, or can't reach its
   * quorum.
   */
  put(request: PutRequest): void;
  get(request: GetRequest): void;
  /** Stops taking; resolves when every round has finished. */
  drain(): Promise<void>;
  /**
   * Called once for each put and delete that met its quorum, in the turn its author is answered.
   */
  onChanged(listener: (change: Change) => void): void;
}

/** What `kv.changed.…` tells; `context` is what the author was handed back. */
export interface Change {
  readonly bucket: ByteString;
  readonly key: ByteString;
  readonly context: Buffer;
  readonly tombstone: boolean;
}

export const Coordinator = Symbol('Coordinator');

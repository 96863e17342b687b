/**
 * Own reads on `kv.frame.<node>`: what a primary holds itself of some keys, asked of nobody else.
 *
 *   own        [1, 3, bucket, whole, keys: bin[], configuration, side]
 *   own reply  [1, 3, digests: bin, get reply | nil]
 *
 * A digest of 8 bytes a key, in order. `whole`: with the reply a get of R=1 would have; else with
 * nil. A node that is no primary of some key, or goes by another configuration, refuses them all
 * (`frames.ts`).
 * `side`: of the two sides of a move the keys are read of this one, 0 or 1 (`placement.ts`); left
 * out where nothing moves. A node by which they are read of the other one refuses them, and where
 * they move also what says no side: clients that know of none may be behind.
 */
import type { SaidConfiguration } from '../../actors/rules/said-configuration.js';
import type { ByteString } from '../../actors/rules/key.js';
import type { SideRead } from '../../actors/rules/placement.js';
import { MalformedError } from '../errors.js';
import { Columns, isList } from './columns.js';
import { digestBytes } from './digest-codec.js';
import {
  columnsOfGetReply,
  frameReplyOfColumns,
  type FrameRefusal,
  type GetFrameReply,
} from './frame-replies.js';
import { bucketText, frameOfColumns, frameVersion, keysColumn, type Frame } from './frames.js';
import { decode, encode, encodeToPublish, type WireValue } from './message-pack.js';
import { byteStringOf } from './text.js';

const kind = 3;

export interface OwnFrame {
  readonly kind: 'own';
  readonly bucket: ByteString;
  readonly whole: boolean;
  readonly keys: readonly Uint8Array[];
  /** By which its author takes the node for a primary. */
  readonly configuration: SaidConfiguration;
  /** By which it does so. */
  readonly side?: SideRead | undefined;
}

export interface OwnReply {
  readonly kind: 'own';
  /** Of the states, `digestBytes` each. */
  readonly digests: Uint8Array;
  /** Undefined unless the frame asked for the whole. */
  readonly shown: GetFrameReply | undefined;
}

export function encodeOwnFrame(frame: Omit<OwnFrame, 'kind'>): Buffer {
  const { bucket, whole, keys, configuration, side } = frame;
  const columns = [frameVersion, kind, bucketText(bucket), whole, keys, configuration];
  if (side !== undefined) columns.push(side);
  return encode(columns);
}

/** Any frame a client may send. Throws `MalformedError`; bins are views into `bytes`. */
export function decodeClientFrame(bytes: Uint8Array): Frame | OwnFrame {
  const message = decode(bytes);
  return kindOf(message) === kind ? ownFrameOf(message) : frameOfColumns(message);
}

function ownFrameOf(message: WireValue): OwnFrame {
  const columns = new Columns(message, frameVersion, 'frame');
  columns.int();
  const bucket = byteStringOf(columns.text());
  const whole = columns.flag();
  const keys = keysColumn(columns);
  const configuration = columns.lastIntOrNull();
  const side = columns.lastSide();
  columns.end();
  return { kind: 'own', bucket, whole, keys, configuration, side };
}

/** What is shown has up to `bytesMax`; rows beyond are answered as `encodeGetReply` does. */
export function encodeOwnReply(reply: Omit<OwnReply, 'kind'>, bytesMax: number): Buffer {
  const { digests, shown } = reply;
  const room = bytesMax - digests.length - 16;
  return encodeToPublish([
    frameVersion,
    kind,
    digests,
    shown === undefined ? null : columnsOfGetReply(shown, room),
  ]);
}

/** Throws `MalformedError` on what answers no own read of `rows` keys. */
export function decodeOwnReply(bytes: Uint8Array, rows: number): OwnReply | FrameRefusal {
  const message = decode(bytes);
  if (kindOf(message) !== kind) {
    const reply = frameReplyOfColumns(message, rows);
    if (reply.kind !== 'refusal') throw new MalformedError('an answer to another frame');
    return reply;
  }
  const columns = new Columns(message, frameVersion, 'own reply');
  columns.int();
  const digests = columns.bin(rows * digestBytes);
  const shown = columns.any();
  columns.end();
  if (shown === null) return { kind: 'own', digests, shown: undefined };
  const reply = frameReplyOfColumns(shown, rows);
  if (reply.kind !== 'get') throw new MalformedError('an own reply that shows no values');
  return { kind: 'own', digests, shown: reply };
}

function kindOf(message: WireValue): WireValue | undefined {
  return isList(message) ? message[1] : undefined;
}

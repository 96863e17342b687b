/** Messages of a watch, read: `src/guide/watching.md`. Throws `MalformedError` on others. */
import { MalformedError, errorOfCode, type QuorateError } from '../errors.js';
import type { BusMessage } from '../seams/bus.js';
import { isBinOrNull, isList } from '../wire/columns.js';
import { decode } from '../wire/message-pack.js';
import { headerNames } from '../wire/subjects.js';
import { valueLeftOut, watchHeaders, watchWords, type WatchWord } from '../wire/watch-messages.js';
import { Context } from './context.js';
import type { ValueCodec } from './value-codec.js';

/** A key as it is after a change, or as it was when the watch began (`current`). */
export interface WatchedKey<Out> {
  readonly type: 'change' | 'current';
  /** Text; bytes where the key can't be told as such. */
  readonly key: string | Uint8Array;
  /** It has no value any more; `expired`: since its time is over. */
  readonly deleted: boolean;
  readonly expired: boolean;
  /** Goes with a put that is to replace exactly this. */
  readonly context: Context;
  /** More than one: writers did not know of each other. */
  readonly siblings: number;
  /**
   * All values, deletes left out. Undefined: the watch is without, or they are larger than a
   * message: then a get brings them.
   */
  readonly values: readonly Out[] | undefined;
}

/** All there was has been told: from here on nothing is missed. */
export interface WatchMarker {
  readonly type: 'marker';
}

/**
 * How it is with the watch: `behind`, changes may come late; `resynced`, it can't be told what
 * changed, so all keys of some partitions come again, until the next marker; `lost`, the node that
 * served it is silent, or a message is missing: it is asked for anew, from where it was.
 */
export interface WatchStatus {
  readonly type: 'status';
  readonly status: 'behind' | 'resynced' | 'lost';
  readonly reason: string;
}

export type WatchedEvent<Out> = WatchedKey<Out> | WatchMarker | WatchStatus;

export interface ReadMessage<Out> {
  readonly word: WatchWord;
  readonly number: number;
  readonly cursor: string | undefined;
  readonly acknowledgeTo: string | undefined;
  /** What whoever watches is told of it; undefined: nothing. */
  readonly event: WatchedEvent<Out> | undefined;
  /** Why it ended. */
  readonly error: QuorateError | undefined;
}

export function readMessage<Out>(
  message: BusMessage,
  codec: ValueCodec<Out, never>,
  withValues: boolean,
): ReadMessage<Out> {
  const word = watchWords.find((one) => one === message.header(watchHeaders.word));
  const code = message.header(headerNames.errorCode);
  const number = Number(message.header(watchHeaders.number) ?? 0);
  if (word === undefined || !Number.isSafeInteger(number) || number < 0)
    throw new MalformedError('no message of a watch');
  const reason = message.header(watchHeaders.reason) ?? message.header(headerNames.error) ?? '';
  return {
    word,
    number,
    cursor: message.header(watchHeaders.cursor),
    acknowledgeTo: message.header(watchHeaders.acknowledge),
    event: eventOf(message, { word, reason, codec, withValues }),
    error: code === undefined ? undefined : errorOfCode(Number(code), reason, 'none'),
  };
}

function eventOf<Out>(
  message: BusMessage,
  how: {
    readonly word: WatchWord;
    readonly reason: string;
    readonly codec: ValueCodec<Out, never>;
    readonly withValues: boolean;
  },
): WatchedEvent<Out> | undefined {
  const { word } = how;
  if (word === 'marker') return { type: 'marker' };
  if (word === 'behind' || word === 'resynced') {
    const partitions = message.header(watchHeaders.partitions);
    const reason = partitions === undefined ? how.reason : `keys of ${partitions} partitions`;
    return { type: 'status', status: word, reason };
  }
  if (word !== 'change' && word !== 'current') return undefined;
  const siblings = Number(message.header(headerNames.siblings) ?? 1);
  const deleted = message.header(headerNames.deleted);
  const isLeftOut = message.header(watchHeaders.leftOut) === valueLeftOut;
  const isTold = how.withValues && !isLeftOut;
  const bytes = isTold && deleted === undefined ? valuesOf(message, siblings) : [];
  return {
    type: word,
    key: keyOf(message),
    deleted: deleted !== undefined,
    expired: deleted === 'expired',
    context: Context.parse(message.header(headerNames.context) ?? ''),
    siblings: deleted === undefined ? siblings : 0,
    values: isTold ? bytes.map((value) => how.codec.decode(value)) : undefined,
  };
}

/** Copies: what a message holds is lent. */
function valuesOf({ data }: BusMessage, siblings: number): Uint8Array[] {
  if (siblings === 1) return [Buffer.from(data)];
  const values = decode(Buffer.from(data));
  if (!isList(values) || !values.every(isBinOrNull)) throw new MalformedError('no values');
  return values.filter((value) => value !== null);
}

function keyOf(message: BusMessage): string | Uint8Array {
  const key = message.header(watchHeaders.key);
  if (key !== undefined) return key;
  const bytes = message.header(watchHeaders.keyBytes);
  if (bytes === undefined) throw new MalformedError('a change has a key');
  return Buffer.from(bytes, 'base64url');
}

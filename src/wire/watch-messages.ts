/**
 * What a watch says to its listener, and what that answers. Any NATS client can follow one:
 * `src/guide/watching.md`.
 */

/** Of the header `Kv-Watch`. */
export const watchWords = [
  /** The watch is there; how it is acknowledged. */
  'started',
  /** A key as it was when the watch began. */
  'current',
  /** A key as it is after a change. */
  'change',
  /** All that was before has been told: up to date. */
  'marker',
  'heartbeat',
  /** Changes may come late: the listener does not keep up, or nodes are away. */
  'behind',
  /** It can't be told what changed: keys come anew, until the next marker. */
  'resynced',
  /** The last message. */
  'ended',
] as const;
export type WatchWord = (typeof watchWords)[number];

export const watchHeaders = {
  word: 'Kv-Watch',
  /** Of the watch's messages, from 1 on: who misses one has missed something. */
  number: 'Kv-Seq',
  key: 'Kv-Key',
  /** Of keys that no subject could name. */
  keyBytes: 'Kv-Key-Base64',
  cursor: 'Kv-Cursor',
  /** Where to acknowledge. */
  acknowledge: 'Kv-Ack',
  /** How often at least, ms. */
  within: 'Kv-Ack-Within',
  /** The values are larger than a message: get the key. */
  leftOut: 'Kv-Value',
  reason: 'Kv-Reason',
  partitions: 'Kv-Partitions',
} as const;

export const valueLeftOut = 'left-out';

/** Ends the watch, where an acknowledgement is a number. */
export const endWord = 'end';

export const includes = ['updates', 'current', 'history'] as const;
/**
 * What a watch begins with: nothing; the keys that are there; those, and the ones that were deleted
 * and are not forgotten yet.
 */
export type Include = (typeof includes)[number];

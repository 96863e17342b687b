/** Bounds of `kv.multi`: many keys of one bucket in one plain message. */
export const multiLimits = {
  /** As many as a frame of the TypeScript client has, and read or put in one turn as those are. */
  rowsMax: 512,
  /** Messages that wait for some of their rows; past it: 429. */
  messagesUnderwayMax: 128,
  /** Of all their replies, as far as they are made; a value past it: 429 of its row. */
  replyBytesUnderwayMax: 32 * 1024 * 1024,
  /** Room that a reply keeps for each row that is still to come: it says at least what became. */
  rowReserveBytes: 320,
  /** Of an error's text, so that it fits there. */
  errorTextMax: 160,
} as const;

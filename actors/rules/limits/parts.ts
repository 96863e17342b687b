/** Bounds of values that are kept in parts. */
export const partLimits = {
  /** Of one part, and with that of a range a plain request asks for: `limits.valueBytesMax`. */
  partBytesMax: 512 * 1024,
  /** Of one value: as many as the largest parts come to 16 GiB in, and then some. */
  partsMax: 65_536,
} as const;

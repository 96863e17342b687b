/** What a message between nodes, or between client and node, is made of. */
export type WireValue = null | boolean | number | string | Uint8Array | readonly WireValue[];

/** About as many bytes as it takes. */
export function bytesIn(value: WireValue): number {
  if (value instanceof Uint8Array || typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 1;
  let bytes = 1;
  for (const part of value) bytes += bytesIn(part);
  return bytes;
}

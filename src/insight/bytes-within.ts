/** How much of what is told fits a message, before it is made. */

/** How many from the first on fit; at least one. */
export function countWithin(values: readonly unknown[], bytesMax: number): number {
  let bytes = 0;
  for (let i = 0; i < values.length; i++) {
    bytes += bytesAtMost(values[i]);
    if (bytes > bytesMax && i > 0) return i;
  }
  return values.length;
}

/** What a value takes in MessagePack, or a little less than this. */
export function bytesAtMost(value: unknown): number {
  if (typeof value === 'string') return 5 + 3 * value.length;
  if (typeof value !== 'object' || value === null) return 9;
  if (value instanceof Uint8Array) return 5 + value.length;
  let bytes = 5;
  for (const [name, field] of Object.entries(value)) bytes += 5 + name.length + bytesAtMost(field);
  return bytes;
}

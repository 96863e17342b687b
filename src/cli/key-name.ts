/** Keys as commands print them. */
import type { Key } from '../client/bucket.js';
import { printable } from './output.js';

/** A line, whatever is in it. */
export function nameOf(key: Key): string {
  if (typeof key === 'string') return printable(key);
  const bytes = [...key].map((byte) =>
    byte > 0x20 && byte < 0x7f
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).padStart(2, '0')}`,
  );
  return bytes.join('');
}

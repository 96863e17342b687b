/**
 * Names travel as text in subjects and as bytes in frames; inside they are byte strings of their
 * UTF-8 bytes.
 */
import type { ByteString } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { asBuffer } from './as-buffer.js';

const ascii = /^[^\u0080-\uffff]*$/;

export function byteStringOf(text: string): ByteString {
  return ascii.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** A copy; what the bytes are a view of is not kept. */
export function latin1Of(bytes: Uint8Array): ByteString {
  return asBuffer(bytes).toString('latin1');
}

/** Names of nodes, hosts and zones are printed: control characters would write to the terminal. */
export function isLabelText(text: string): boolean {
  return Buffer.byteLength(text) <= limits.labelBytesMax && !/\p{Cc}/u.test(text);
}

/** The text whose UTF-8 bytes these are; undefined when they are not UTF-8. */
export function textOf(bytes: ByteString): string | undefined {
  if (ascii.test(bytes)) return bytes;
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  return byteStringOf(text) === bytes ? text : undefined;
}

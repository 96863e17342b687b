/** Bytes as they may be shown: the first of them, as text where they are text. */
import type { ByteString } from '../../actors/rules/key.js';
import { insightLimits } from '../../actors/rules/limits/insight.js';
import { asBuffer } from './as-buffer.js';
import { latin1Of, textOf } from './text.js';

export function shownValue(bytes: Uint8Array): string {
  const { valueBytesMax } = insightLimits;
  const isWhole = bytes.length <= valueBytesMax;
  const start = bytes.subarray(0, isWhole ? bytes.length : startOfCharacter(bytes, valueBytesMax));
  const rest = isWhole ? '' : '…';
  return `${textOf(latin1Of(start)) ?? asBuffer(start).toString('hex')}${rest}`;
}

/** In UTF-8: of the one that the byte is of. */
function startOfCharacter(bytes: Uint8Array, at: number): number {
  let start = at;
  while (start > 0 && at - start < 3 && (bytes[start]! & 0xc0) === 0x80) start--;
  return start;
}

export function shownNames(name: { readonly bucket: ByteString; readonly key: ByteString }): {
  readonly bucket: string;
  readonly key: string;
} {
  return { bucket: shownName(name.bucket), key: shownName(name.key) };
}

/** It need not be UTF-8. */
export function shownName(name: ByteString): string {
  return textOf(name) ?? `0x${Buffer.from(name, 'latin1').toString('hex')}`;
}

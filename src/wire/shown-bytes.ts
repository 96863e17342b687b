/** Bytes as they may be shown: the first of them, as text where they are text. */
import type { ByteString } from '../../actors/rules/key.js';
import { insightLimits } from '../../actors/rules/limits/insight.js';
import { asBuffer } from './as-buffer.js';
import { latin1Of, textOf } from './text.js';

export function shownValue(bytes: Uint8Array): string {
  const { valueBytesMax } = insightLimits;
  const start = bytes.subarray(0, valueBytesMax);
  const rest = bytes.length > valueBytesMax ? '…' : '';
  return `${textOf(latin1Of(start)) ?? asBuffer(start).toString('hex')}${rest}`;
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

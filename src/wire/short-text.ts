/**
 * Short texts as bytes, by loops: subjects, headers, contexts. For a few dozen bytes the call into
 * the runtime costs more than the loop, and leaves a string or a buffer to collect.
 */

/** Of its UTF-8. */
export function textBytes(text: string): number {
  for (let i = 0; i < text.length; i++)
    if (text.charCodeAt(i) >= 0x80) return Buffer.byteLength(text);
  return text.length;
}

/** Writes UTF-8 at `offset` and returns the offset behind it. */
export function writeText(text: string, target: Buffer, offset: number): number {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x80) return offset + i + target.write(text.slice(i), offset + i);
    target[offset + i] = code;
  }
  return offset + text.length;
}

/** As `writeText`, of a whole number from 0 to 2^31-1. */
export function writeDecimal(value: number, target: Buffer, offset: number): number {
  let end = offset + 1;
  for (let rest = (value / 10) | 0; rest > 0; rest = (rest / 10) | 0) end++;
  let rest = value;
  for (let at = end - 1; at >= offset; at--) {
    const tenth = (rest / 10) | 0;
    target[at] = 0x30 + rest - 10 * tenth;
    rest = tenth;
  }
  return end;
}

const base64url = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');

/** Characters of `bytes` as base64url, without padding. */
export function base64urlLength(bytes: number): number {
  return Math.ceil((4 * bytes) / 3);
}

/** As `writeText`, of the base64url of `bytes`. */
export function writeBase64url(bytes: Uint8Array, target: Buffer, offset: number): number {
  let at = offset;
  const whole = bytes.length - (bytes.length % 3);
  for (let i = 0; i < whole; i += 3) {
    const group = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!;
    target[at++] = base64url[group >> 18]!;
    target[at++] = base64url[(group >> 12) & 0x3f]!;
    target[at++] = base64url[(group >> 6) & 0x3f]!;
    target[at++] = base64url[group & 0x3f]!;
  }
  if (whole === bytes.length) return at;
  const group = (bytes[whole]! << 16) | ((bytes[whole + 1] ?? 0) << 8);
  target[at++] = base64url[group >> 18]!;
  target[at++] = base64url[(group >> 12) & 0x3f]!;
  if (whole + 2 === bytes.length) target[at++] = base64url[(group >> 6) & 0x3f]!;
  return at;
}

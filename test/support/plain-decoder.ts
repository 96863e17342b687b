/**
 * What an encoded key state means, written down a second time: field by field, with objects,
 * numbers as they are. Tests compare with it which bytes are refused and what the others say.
 */
import { limits } from '../../actors/rules/limits.js';
import type { Context, Dot, KeyState, Sibling } from '../../actors/rules/versions.js';
import { compareDots, covers } from '../../actors/rules/versions.js';
import { MalformedError } from '../../src/errors.js';

/** Throws `MalformedError` on anything that is not one whole state. */
export function plainlyDecoded(bytes: Buffer): KeyState {
  const reader = new Reader(bytes);
  const context = reader.context();
  const count = reader.uint16();
  const siblings: Sibling[] = [];
  for (let i = 0; i < count; i++) {
    const sibling = reader.sibling();
    const last = siblings[i - 1];
    if (last !== undefined && compareDots(last.dot, sibling.dot) >= 0)
      throw new MalformedError('siblings do not ascend');
    if (!covers(context, sibling.dot)) throw new MalformedError('a sibling without its claim');
    siblings.push(sibling);
  }
  reader.end();
  return { context, siblings };
}

/** Throws `MalformedError` on anything that is not one whole context. */
export function plainlyDecodedContext(bytes: Buffer): Context {
  const reader = new Reader(bytes);
  const context = reader.context();
  reader.end();
  return context;
}

function isTime(ms: number): boolean {
  return ms >= 0 && ms < Infinity;
}

/** A manifest: version, size, bytes of a part, SHA-256, upload. */
function checkPlainly(manifest: Buffer): void {
  if (manifest.length !== 1 + 6 + 4 + 32 + 16) throw new MalformedError('a manifest has 59 bytes');
  const [version, size, partBytes] = [
    manifest.readUInt8(0),
    manifest.readUIntBE(1, 6),
    manifest.readUInt32BE(7),
  ];
  const parts = partBytes === 0 ? Infinity : size / partBytes;
  if (version !== 1 || size > 2 ** 34 || partBytes > 2 ** 19 || parts > 2 ** 16)
    throw new MalformedError('a manifest out of bounds');
}

class Reader {
  private at = 0;
  constructor(private readonly bytes: Buffer) {}

  private take(count: number): number {
    const start = this.at;
    if (start + count > this.bytes.length) throw new MalformedError('key state ends early');
    this.at = start + count;
    return start;
  }

  uint16(): number {
    return this.bytes.readUInt16BE(this.take(2));
  }

  dot(): Dot {
    const start = this.take(18);
    const counter = this.bytes.readUInt32BE(start + 14);
    if (counter === 0) throw new MalformedError('a dot counts from 1');
    return { actor: this.bytes.toString('latin1', start, start + 14), counter };
  }

  context(): Context {
    const count = this.uint16();
    const context: Dot[] = [];
    let last = '';
    for (let i = 0; i < count; i++) {
      const entry = this.dot();
      if (entry.actor <= last) throw new MalformedError('context entries do not ascend');
      last = entry.actor;
      context.push(entry);
    }
    return context;
  }

  sibling(): Sibling {
    const dot = this.dot();
    const writtenAtMs = this.bytes.readDoubleBE(this.take(8));
    const expiresAtMs = this.bytes.readDoubleBE(this.take(8));
    if (!isTime(writtenAtMs) || !isTime(expiresAtMs)) throw new MalformedError('not a time');
    const lengthAndFlag = this.bytes.readUInt8(this.take(1));
    const operationLength = lengthAndFlag & 0x7f;
    if (operationLength > limits.operationIdBytesMax)
      throw new MalformedError('operation id too long');
    const operationAt = this.take(operationLength);
    const operation = this.bytes.toString('latin1', operationAt, operationAt + operationLength);
    const head = { dot, writtenAtMs, expiresAtMs, operation };
    if (lengthAndFlag >= 0x80) return this.copied(head);
    const valueLength = this.bytes.readUInt32BE(this.take(4));
    if (valueLength === 0xfffffffe) throw new MalformedError('remembered without an end');
    return { ...head, ...this.valueOrManifest(valueLength) };
  }

  private copied(head: Omit<Sibling, 'value'>): Sibling {
    const copiesUntilMs = this.bytes.readDoubleBE(this.take(8));
    if (!isTime(copiesUntilMs)) throw new MalformedError('not a time');
    if (head.operation === '') throw new MalformedError('copies of a put without an operation');
    const valueLength = this.bytes.readUInt32BE(this.take(4));
    if (valueLength === 0xfffffffe)
      return { ...head, value: null, copiesUntilMs, remembered: true };
    return { ...head, ...this.valueOrManifest(valueLength), copiesUntilMs };
  }

  private valueOrManifest(length: number): Pick<Sibling, 'value' | 'manifest'> {
    if (length === 0xffffffff) return { value: null };
    if (length < 2 ** 31) return { value: this.value(length) };
    const value = this.value(length - 2 ** 31);
    checkPlainly(value);
    return { value, manifest: true };
  }

  private value(length: number): Buffer {
    const at = this.take(length);
    return this.bytes.subarray(at, at + length);
  }

  end(): void {
    if (this.at !== this.bytes.length) throw new MalformedError('bytes behind the key state');
  }
}

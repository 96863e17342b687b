/**
 * As far as rules of nodes name it that the page shares: in functions that it never calls, and that
 * the bundler leaves out.
 */
declare class Buffer extends Uint8Array {
  static alloc(length: number): Buffer;
  static from(text: string, encoding: 'latin1'): Buffer;
  write(text: string, encoding: 'hex'): number;
  writeUIntBE(value: number, offset: number, byteLength: number): number;
  readUIntBE(offset: number, byteLength: number): number;
  override toString(encoding?: 'hex' | 'latin1', start?: number, end?: number): string;
}

/**
 * Which keys a pattern means: tokens between dots, `*` for any one, `>` at the end for one or more
 * of them; as subjects of NATS have it, for keys of any bytes. `>` alone means all keys.
 */
import type { ByteString } from './key.js';
import { limits } from './limits.js';

export class KeyPattern {
  private readonly tokens: readonly ByteString[];
  /** With a `>` at its end: tokens in front of it. */
  private readonly isOpen: boolean;
  /** The key, where the pattern means one. */
  private readonly lone: boolean;

  private constructor(readonly text: ByteString) {
    const tokens = text.split('.');
    this.isOpen = tokens.at(-1) === '>';
    this.tokens = this.isOpen ? tokens.slice(0, -1) : tokens;
    this.lone = !this.isOpen && !tokens.includes('*');
  }

  /** Undefined: it is no pattern. */
  static of(text: ByteString): KeyPattern | undefined {
    if (text.length === 0 || text.length > limits.keyBytesMax) return undefined;
    const open = text.split('.').indexOf('>');
    if (open >= 0 && open < text.split('.').length - 1) return undefined;
    return new KeyPattern(text);
  }

  matches(key: ByteString): boolean {
    if (this.lone) return key === this.text;
    if (this.tokens.length === 0) return true;
    let at = 0;
    for (const [i, token] of this.tokens.entries()) {
      const dot = key.indexOf('.', at);
      const isLast = dot < 0;
      const end = isLast ? key.length : dot;
      if (token !== '*' && (end - at !== token.length || !key.startsWith(token, at))) return false;
      const isDone = i === this.tokens.length - 1;
      if (isLast) return isDone && !this.isOpen;
      if (isDone && !this.isOpen) return false;
      at = end + 1;
    }
    return true;
  }
}

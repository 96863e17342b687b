/** Which keys a caller in the manner of NATS' key-value store means. */
import { KeyPattern } from '../../actors/rules/key-pattern.js';
import { MalformedError } from '../errors.js';
import { byteStringOf } from '../wire/text.js';

const isWild = (key: string): boolean =>
  key.split('.').some((token) => token === '*' || token === '>');

/** Text of a key, without wildcards; white space has no place in a subject. */
export function namedKeyOf(key: string): string {
  if (key === '' || /^\.|\.$|\s|\p{Cc}/u.test(key) || isWild(key))
    throw new MalformedError(`invalid key: ${key}`);
  return key;
}

export class NatsKvFilter {
  /** Of what all these keys begin with. */
  readonly prefix: string;
  /** Of NATS subjects: one that has all of them, and maybe more. */
  readonly pattern: string;
  /** The keys themselves, where none has wildcards. */
  readonly keys: readonly string[] | undefined;
  private readonly patterns: readonly KeyPattern[];

  /** Throws `MalformedError`. */
  constructor(filter: string | readonly string[] = '>') {
    const texts = typeof filter === 'string' ? [filter] : filter;
    this.patterns = texts.map((text) => {
      const pattern = /^\.|\.$|\s/.test(text) ? undefined : KeyPattern.of(byteStringOf(text));
      if (pattern === undefined) throw new MalformedError(`invalid key: ${text}`);
      return pattern;
    });
    const [only] = texts;
    this.pattern = texts.length === 1 && only !== undefined ? only : '>';
    this.keys = texts.some(isWild) ? undefined : [...new Set(texts)];
    const fixed = this.pattern.split('.');
    const wildAt = fixed.findIndex((token) => token === '*' || token === '>');
    this.prefix =
      wildAt < 0
        ? this.pattern
        : fixed
            .slice(0, wildAt)
            .map((t) => `${t}.`)
            .join('');
  }

  matches(key: string): boolean {
    const bytes = byteStringOf(key);
    return this.patterns.some((pattern) => pattern.matches(bytes));
  }

  static isWild(key: string): boolean {
    return isWild(key);
  }
}

/**
 * What happened, in order: virtual time, who, what. Every line goes into a hash; with `keep` the
 * text is kept as well, else only its last lines, for the report of a failure. Two runs are equal
 * when their hashes are.
 */
import { createHash, type Hash } from 'node:crypto';

const tailLines = 200;

export class Trace {
  lines = 0;
  /** Told of every line as well; for trace files. */
  onAdded: ((who: string, what: string) => void) | undefined;
  private readonly hash: Hash = createHash('sha1');
  private readonly kept: string[] = [];
  private pending = '';

  constructor(
    private readonly options: { readonly keep: boolean; readonly onLine?: (line: string) => void },
  ) {}

  add(timeUs: number, who: string, what: string): void {
    const line = `${timeUs} ${who} ${what}\n`;
    this.lines++;
    this.pending += line;
    if (this.pending.length > 8192) this.absorb();
    this.options.onLine?.(line);
    this.onAdded?.(who, what);
    this.kept.push(line);
    if (!this.options.keep && this.kept.length > 2 * tailLines) this.kept.splice(0, tailLines);
  }

  text(): string {
    return this.kept.join('');
  }

  /** Ends the hash; nothing may be added after it. */
  digest(): string {
    this.absorb();
    return this.hash.copy().digest('hex');
  }

  private absorb(): void {
    this.hash.update(this.pending);
    this.pending = '';
  }
}

/**
 * What clients asked for and what they were told, and nothing else: no dot and no context of the code under test decides
 * here. Every put writes a value that names it, so what a get shows tells which puts it comes from.
 *
 * A put with a context covers what the get that gave the context had shown; a blind put may cover whatever was asked
 * for before it was answered, since its coordinator may have known it.
 */
export type Outcome = 'pending' | 'done' | 'none' | 'unknown';

export interface Write {
  /** Stands in the value; names the write. */
  readonly token: string;
  readonly name: string;
  readonly isDelete: boolean;
  /** Tokens the author had seen under the context it gave; undefined: blind. */
  readonly seen: readonly string[] | undefined;
  /** Tokens that the context may cover as well. */
  readonly maySeen: readonly string[];
  readonly strict: boolean;
  readonly quorum: number;
  readonly askedUs: number;
  outcome: Outcome;
  /** Infinity while it is not known to have ended. */
  endedUs: number;
}

export interface Read {
  readonly name: string;
  readonly strict: boolean;
  readonly quorum: number;
  readonly askedUs: number;
  readonly endedUs: number;
  /** Tokens of the values; none for a 404. */
  readonly shown: readonly string[];
}

export class History {
  readonly writes = new Map<string, Write>();
  private readonly byName = new Map<string, Write[]>();

  begin(write: Write): void {
    this.writes.set(write.token, write);
    const known = this.byName.get(write.name);
    if (known === undefined) this.byName.set(write.name, [write]);
    else known.push(write);
  }

  /** Names ever written, ascending. */
  names(): string[] {
    return [...this.byName.keys()].sort();
  }

  of(name: string): readonly Write[] {
    return this.byName.get(name) ?? [];
  }

  /**
   * Whether what `shown` tells is consistent with `token` being stored: it, or what may cover it, is shown; or a delete
   * that may cover it is not known to have failed.
   */
  accountsFor(token: string, shown: ReadonlySet<string>): boolean {
    const start = this.writes.get(token);
    if (start === undefined) return false;
    const reached = new Set([token]);
    const queue: Write[] = [start];
    for (let write = queue.pop(); write !== undefined; write = queue.pop()) {
      if (write.isDelete || shown.has(write.token)) return true;
      for (const next of this.of(write.name)) {
        if (reached.has(next.token) || next.outcome === 'none' || !mayCover(next, write)) continue;
        reached.add(next.token);
        queue.push(next);
      }
    }
    return false;
  }

  /** Tokens that a write which took place is known to have covered, directly or through others. */
  coveredFor(name: string): Map<string, string> {
    const covered = new Map<string, string>();
    const walk = (by: Write): void => {
      for (const token of by.seen ?? []) {
        if (covered.has(token)) continue;
        covered.set(token, by.token);
        const earlier = this.writes.get(token);
        if (earlier !== undefined) walk(earlier);
      }
    };
    for (const write of this.of(name)) if (write.outcome === 'done') walk(write);
    return covered;
  }
}

function mayCover(by: Write, earlier: Write): boolean {
  if (by.token === earlier.token) return false;
  if (by.maySeen.includes(earlier.token)) return true;
  if (by.seen !== undefined) return by.seen.includes(earlier.token);
  return earlier.askedUs < by.endedUs;
}

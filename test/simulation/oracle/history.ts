/**
 * What clients asked for and what they were told, and nothing else: no dot and no context of the
 * code under test decides here. Every put writes a value that names it, so what a get shows tells
 * which puts it comes from.
 *
 * A put with a context covers what the get that gave the context had shown; a blind put may cover
 * whatever was asked for before it was answered, since its coordinator may have known it.
 */
export type Outcome = 'pending' | 'done' | 'none' | 'unknown';

export interface Write {
  /** Stands in the value; names the write. */
  readonly token: string;
  readonly name: string;
  readonly isDelete: boolean;
  /** Tokens the author had seen under the context it gave; undefined: blind. */
  seen: readonly string[] | undefined;
  /**
   * Tokens that the context may cover as well: its author was told that not all it had seen was
   * found.
   */
  maySeen: readonly string[];
  readonly strict: boolean;
  readonly quorum: number;
  readonly askedUs: number;
  /**
   * From when on it may count as a tombstone: a delete at once, a value with a TTL later, others
   * never.
   */
  readonly vanishesUs: number;
  /**
   * From when on a value with a TTL must. A TTL counts from the minting, so that is known only of
   * what was acknowledged.
   */
  goneUs: number;
  /** It must not be minted later, by its last try; Infinity where a node can't know. */
  mintByUs: number;
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

/** Clocks drift, and a turn that began before a deadline may end behind it. */
const deadlineSlackUs = 250_000;

export class History {
  readonly writes = new Map<string, Write>();
  private readonly byName = new Map<string, Write[]>();

  /**
   * `skewUs`: what goes by wall clocks (last-writer-wins, expiry) goes by real time but for so
   * much; 0: no wall clock jumps.
   */
  constructor(readonly skewUs: number) {}

  begin(write: Write): void {
    this.writes.set(write.token, write);
    const known = this.byName.get(write.name);
    if (known === undefined) this.byName.set(write.name, [write]);
    else known.push(write);
  }

  /** Its author was told; `unknown` to it, it may be minted until its deadline is over. */
  end(write: Write, outcome: 'done' | 'none' | 'unknown', nowUs: number): void {
    write.outcome = outcome;
    // What is not minted by its deadline never will be, and covers nothing that was asked for
    // later.
    const mintedByUs = write.mintByUs + deadlineSlackUs;
    write.endedUs = outcome === 'unknown' ? Math.max(nowUs, mintedByUs) : nowUs;
  }

  /** Names ever written, ascending. */
  names(): string[] {
    return [...this.byName.keys()].sort();
  }

  of(name: string): readonly Write[] {
    return this.byName.get(name) ?? [];
  }

  /**
   * Which writes of a name are consistent with a read that shows `shown`: a write that is shown, or
   * that may be covered by one that is; or by one that may have vanished by `atUs` and is not known
   * to have failed.
   */
  accounted(name: string, shown: Iterable<string>, atUs: number): (write: Write) => boolean {
    const writes = this.of(name);
    const found = new Set<Write>();
    const queue: Write[] = [];
    const add = (write: Write | undefined): void => {
      if (write === undefined || write.name !== name || found.has(write)) return;
      found.add(write);
      if (write.outcome !== 'none') queue.push(write);
    };
    for (const token of shown) add(this.writes.get(token));
    for (const write of writes)
      if (write.vanishesUs <= atUs && write.outcome !== 'none') add(write);
    const slackUs = this.slackUs(name);
    // A blind write may cover whatever was asked for before it ended; the writes are in the order
    // of asking.
    let next = 0;
    for (let write = queue.pop(); write !== undefined; write = queue.pop()) {
      for (const token of write.maySeen) add(this.writes.get(token));
      for (const token of write.seen ?? []) add(this.writes.get(token));
      if (write.seen !== undefined) continue;
      for (; next < writes.length && writes[next]!.askedUs < write.endedUs + slackUs; next++)
        add(writes[next]);
    }
    return (write) => found.has(write);
  }

  /**
   * A last writer wins by wall clock, which is a millisecond coarse, and runs ahead of itself while
   * writes are faster than that.
   */
  private slackUs(name: string): number {
    if (!name.startsWith('lww/')) return 0;
    return 10_000 + this.skewUs;
  }

  /**
   * Whether only its author may have replaced a write, or who had seen what replaced it and was
   * told that all of that was found.
   */
  isReplacedByAuthor(token: string): boolean {
    const write = this.writes.get(token);
    if (write === undefined) return false;
    const after = new Set([token]);
    for (const other of this.of(write.name)) {
      if (other === write || !mayComeAfter(other, write, after)) continue;
      after.add(other.token);
      const { seen, maySeen, outcome } = other;
      if (outcome === 'none') continue;
      if (authorOf(other) === authorOf(write)) continue;
      if (seen === undefined || seen.includes(token)) return false;
      if (outcome !== 'done' || maySeen.length > 0) return false;
    }
    return true;
  }

  /**
   * Whether somebody who had seen the write was told that not all of that was found: one copy may
   * be lost, with a node that was removed, and the other stands where nobody knew that they are
   * one.
   */
  wasNotFound(token: string): boolean {
    const { name } = this.writes.get(token) ?? {};
    return name !== undefined && this.of(name).some(({ maySeen }) => maySeen.includes(token));
  }

  /**
   * Tokens that these writes covered, directly or through others, each with the write that did. Of
   * a write that two nodes were given, what replaced it may have known the one copy, and what it
   * had seen itself was found where the other was minted.
   */
  coveredBy(
    writes: readonly Write[],
    copies: { isGivenToTwo(token: string): boolean },
  ): Map<string, string> {
    const covered = new Map<string, string>();
    const walk = (by: Write): void => {
      for (const token of by.seen ?? []) {
        if (covered.has(token)) continue;
        covered.set(token, by.token);
        const earlier = this.writes.get(token);
        // Whoever was never answered was not told what could not be found.
        if (earlier?.outcome === 'done' && !copies.isGivenToTwo(token)) walk(earlier);
      }
    };
    for (const write of writes) walk(write);
    return covered;
  }
}

/** `after`: the write and those that had seen it, directly or through others. */
function mayComeAfter(other: Write, write: Write, after: ReadonlySet<string>): boolean {
  const { seen, maySeen, endedUs } = other;
  if (seen === undefined) return endedUs > write.askedUs;
  return [...seen, ...maySeen].some((token) => after.has(token));
}

function authorOf({ token }: Write): string {
  return token.slice(0, token.indexOf('.'));
}

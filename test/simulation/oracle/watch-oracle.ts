/**
 * What whoever watches must have been told once all is quiet: of each key of which a write was
 * acknowledged after its watch began, what the key holds; and nothing ever that nobody wrote.
 */
import type { History } from './history.js';
import type { Violations } from './violations.js';

/** What one of them was told. */
export interface Told {
  readonly bucket: string;
  /** Its first marker; undefined: it was never up to date. */
  begunUs: number | undefined;
  markers: number;
  /** By key, the values it was told last; `leftOut`: that they are larger than a message. */
  readonly last: Map<string, readonly string[] | 'leftOut'>;
  readonly tokens: Set<string>;
  readonly statuses: string[];
  /** Why its watch ended by itself. */
  failed: string | undefined;
}

/** Of a put that was under way for longer when the watch began (`watchLimits.settleMs`). */
const underWayUs = 400_000;

export class WatchOracle {
  readonly all: Told[] = [];

  watcher(bucket: string): Told {
    const told: Told = {
      bucket,
      begunUs: undefined,
      markers: 0,
      last: new Map(),
      tokens: new Set(),
      statuses: [],
      failed: undefined,
    };
    this.all.push(told);
    return told;
  }

  /** What is missing still; undefined: nothing. `final`: the tokens that a name holds now. */
  missing(
    history: History,
    final: ReadonlyMap<string, readonly string[]>,
  ): { readonly rule: string; readonly what: string } | undefined {
    for (const told of this.all) {
      const { bucket, failed, begunUs } = told;
      if (failed !== undefined) return { rule: 'watch-ended', what: `${bucket}: ${failed}` };
      if (begunUs === undefined)
        return { rule: 'watch-never-begins', what: `${bucket} was never up to date` };
      const missed = this.missed(told, begunUs, history, final);
      if (missed !== undefined) return { rule: 'watch-missed', what: missed };
    }
    return undefined;
  }

  private missed(
    { bucket, last }: Told,
    begunUs: number,
    history: History,
    final: ReadonlyMap<string, readonly string[]>,
  ): string | undefined {
    for (const name of history.names()) {
      if (!name.startsWith(`${bucket}/`)) continue;
      const key = name.slice(bucket.length + 1);
      const due = history
        .of(name)
        .filter(
          ({ outcome, endedUs, askedUs }) =>
            outcome === 'done' && endedUs > begunUs && askedUs > begunUs - underWayUs,
        );
      if (due.length === 0) continue;
      const mayVanish = history
        .of(name)
        .some(({ isDelete, vanishesUs }) => !isDelete && vanishesUs < Infinity);
      const holds = [...(final.get(name) ?? [])].sort().join(' ');
      const told = last.get(key);
      if (told === 'leftOut') continue;
      if (told === undefined)
        return `${name}: ${due[0]!.token} was acknowledged after the watch began, which tells nothing of the key`;
      // What it held a moment ago may have expired since.
      if (!mayVanish && [...told].sort().join(' ') !== holds)
        return `${name} holds [${holds}], and the watch tells [${told.join(' ')}]`;
    }
    return undefined;
  }

  checkInvented(history: History, violations: Violations): void {
    for (const { bucket, tokens } of this.all)
      for (const token of tokens)
        if (!token.startsWith('progress.') && !history.writes.has(token))
          violations.add('safety', 'watch-invents', `${bucket} tells ${token}, which nobody wrote`);
  }
}

/**
 * A value that merges by itself, as one client has it of one key: a replica with a name of its own
 * among its writers. It reads all siblings, merges them with what it has itself, applies what was
 * asked for, and puts the result with the context of the read. What others put meanwhile stays
 * beside it, and is merged by whoever reads next.
 *
 * It goes on from all it ever put, also where a read does not show it yet: what it has written is
 * in what it writes next. So of one key a client has one replica, which changes
 * one after the other; what is asked for meanwhile is put together. A change whose outcome is
 * unknown stays in it, and is stored with the next one at the latest; one that was not done leaves
 * no trace.
 */
import { clientLimits } from '../../../actors/rules/limits/client.js';
import { OverloadedError, QuorateError, TooManySiblingsError } from '../../errors.js';
import { malformed } from './dot-map.js';

/** What merges. Merging is commutative, associative and idempotent. */
export interface Mergeable<S> {
  /** Stands in the value. */
  readonly name: string;
  readonly empty: S;
  merge(a: S, b: S): S;
  document(state: S): Record<string, unknown>;
  /** Throws `MalformedError`. */
  from(document: Readonly<Record<string, unknown>>): S;
}

/** Where it is read and put: one key of a bucket. */
export interface Shelf<Context> {
  /** Of all values in conflict, deletes left out. */
  read(): Promise<{ readonly values: readonly Uint8Array[]; readonly context: Context }>;
  put(value: Uint8Array, context: Context): Promise<unknown>;
}

interface Wish<S> {
  readonly change: (state: S, writer: string) => S;
  readonly done: () => void;
  readonly fail: (error: unknown) => void;
}

export class Replica<S, Context = unknown> {
  private own: S;
  private wishes: Wish<S>[] = [];
  private isBusy = false;

  constructor(
    private readonly kind: Mergeable<S>,
    private readonly writer: string,
    private readonly shelf: Shelf<Context>,
  ) {
    this.own = kind.empty;
  }

  /** What is known now: all that R nodes have, and all that was done here. */
  async state(): Promise<S> {
    const { values } = await this.shelf.read();
    return this.merged(values);
  }

  /** Resolves once it is stored. Past the bound on what waits it is refused, with nothing done. */
  change(change: Wish<S>['change']): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.wishes.length >= clientLimits.crdtChangesMax) {
        const text = `${this.wishes.length} changes of the key wait`;
        reject(new OverloadedError(text));
        return;
      }
      this.wishes.push({ change, done: resolve, fail: reject });
      if (!this.isBusy) void this.run();
    });
  }

  get isIdle(): boolean {
    return !this.isBusy;
  }

  private async run(): Promise<void> {
    this.isBusy = true;
    while (this.wishes.length > 0) {
      const wishes = this.wishes;
      this.wishes = [];
      try {
        for (const { done } of await this.store(wishes)) done();
      } catch (error) {
        for (const { fail } of wishes) fail(error);
      }
    }
    this.isBusy = false;
  }

  /** Returns those that are stored; who asked for the impossible was told. */
  private async store(wishes: readonly Wish<S>[]): Promise<readonly Wish<S>[]> {
    for (let conflicts = 0; ; conflicts++) {
      const { values, context } = await this.shelf.read();
      const before = this.merged(values);
      const { after, possible } = this.changed(before, wishes);
      if (possible.length === 0) return possible;
      const value = encoded(this.kind, after);
      try {
        await this.shelf.put(value, context);
        this.own = after;
        return possible;
      } catch (error) {
        const isNotDone = error instanceof QuorateError && error.outcome === 'none';
        // What may show must be in all that is written from now on.
        this.own = isNotDone ? before : after;
        const isFull = isNotDone && error instanceof TooManySiblingsError;
        if (!isFull || conflicts >= clientLimits.updateConflictsMax) throw error;
      }
    }
  }

  private changed(
    before: S,
    wishes: readonly Wish<S>[],
  ): { readonly after: S; readonly possible: readonly Wish<S>[] } {
    let after = before;
    const possible = wishes.filter(({ change, fail }) => {
      try {
        after = change(after, this.writer);
        return true;
      } catch (error) {
        fail(error);
        return false;
      }
    });
    return { after, possible };
  }

  private merged(values: readonly Uint8Array[]): S {
    const { kind } = this;
    return values.reduce<S>((state, bytes) => kind.merge(state, decoded(kind, bytes)), this.own);
  }
}

export function encoded<S>(kind: Mergeable<S>, state: S): Uint8Array {
  return Buffer.from(JSON.stringify({ crdt: kind.name, ...kind.document(state) }));
}

/** Throws `MalformedError`: the key holds something else. */
export function decoded<S>(kind: Mergeable<S>, bytes: Uint8Array): S {
  let document: unknown;
  try {
    document = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw malformed();
  }
  if (typeof document !== 'object' || document === null) throw malformed();
  const fields = document as Readonly<Record<string, unknown>>;
  if (fields['crdt'] !== kind.name) throw malformed();
  return kind.from(fields);
}

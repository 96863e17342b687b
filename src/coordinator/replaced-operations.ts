/**
 * Operations whose values were replaced lately. A put may travel twice (its client asked a second node, a node took back what it had
 * passed on), and the copy may arrive when another put has replaced it already: carried out, it would undo what came after it.
 *
 * Kept by the node that did the replacing, which is the one that orders the key's next puts as well. In memory and bounded: what it has
 * forgotten, or what another node replaced, is one write more, as it is for a put without an operation id.
 */
import type { ByteString } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import type { Dot, KeyState } from '../../actors/rules/versions.js';
import { covers } from '../../actors/rules/versions.js';

export class ReplacedOperations {
  /** Two halves: when the younger is full, the older is forgotten as a whole. */
  private younger = new Map<ByteString, Dot>();
  private older = new Map<ByteString, Dot>();

  /** To be told what a mint has made of a state. */
  note(before: KeyState, after: KeyState): void {
    for (const sibling of before.siblings)
      if (sibling.operation !== '' && !after.siblings.includes(sibling)) this.add(sibling);
  }

  /** Whether the operation was noted, of whatever key. */
  has(operation: ByteString): boolean {
    return this.younger.has(operation) || this.older.has(operation);
  }

  /** The dot of the operation, if the state has replaced its value. Actors are of one key, so another key's state covers no such dot. */
  dotOf(operation: ByteString, { context }: KeyState): Dot | undefined {
    const dot = this.younger.get(operation) ?? this.older.get(operation);
    return dot !== undefined && covers(context, dot) ? dot : undefined;
  }

  /** Of a write that is replaced. */
  add({ operation, dot }: { readonly operation: ByteString; readonly dot: Dot }): void {
    if (this.younger.size >= limits.replacedOperationsMax / 2) {
      this.older = this.younger;
      this.younger = new Map();
    }
    this.younger.set(operation, dot);
  }
}

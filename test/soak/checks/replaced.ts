/**
 * What is gone for good: what a write had seen that was done and had found all of it. What a write
 * did not find (`seen=partly`) may still show; it is claimed again by the next put with the context
 * that its author was handed back.
 */
import { nameOf, type OperationRecord, type WriteName } from '../records.js';

export class Replaced {
  private readonly writes = new Map<WriteName, OperationRecord>();
  private readonly replacers = new Map<WriteName, OperationRecord[]>();

  /** Of one key. */
  constructor(operations: readonly OperationRecord[]) {
    const writes = operations.filter(({ name }) => name !== undefined);
    for (const write of writes) this.writes.set(nameOf(write), write);
    for (const write of writes)
      if (write.outcome === 'done' && write.seenPartly !== true) this.follow(write);
  }

  /** The writes that have replaced it. */
  by(name: WriteName): readonly OperationRecord[] {
    return this.replacers.get(name) ?? [];
  }

  /**
   * Whether no answer that shows one of `shown` can show one of `names`, by `atMs`: who has a write
   * has what it found, and all that this had found in turn. Who has the copy of it that another
   * node made has what that one found, until the two have met.
   */
  isOver(names: readonly WriteName[], shown: readonly WriteName[], atMs: number): boolean {
    const met = new Set(names);
    const open = [...names];
    for (let name = open.pop(); name !== undefined; name = open.pop())
      for (const by of this.by(name)) {
        if (by.copySeenPartly === true) continue;
        const next = nameOf(by);
        if (shown.includes(next)) return true;
        if (met.has(next) || by.startMs >= atMs) continue;
        met.add(next);
        open.push(next);
      }
    return false;
  }

  private follow(by: OperationRecord): void {
    const found = new Set<WriteName>();
    const open = [by];
    for (let write = open.pop(); write !== undefined; write = open.pop())
      for (const name of write.replaces ?? []) {
        if (found.has(name)) continue;
        found.add(name);
        const known = this.replacers.get(name);
        if (known === undefined) this.replacers.set(name, [by]);
        else known.push(by);
        const earlier = this.writes.get(name);
        if (write.goesOn === true && earlier?.seenPartly === true) open.push(earlier);
      }
  }
}

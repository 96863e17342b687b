/**
 * A hint that was acknowledged stays until it is settled: the node that took a state for another
 * sends it on, however often it restarts meanwhile. Learned from what nodes send each other, and
 * asked in the end.
 */
import type { AckedMerge } from './merge-watch.js';
import type { Violations } from './violations.js';

const forPut = 0;
const forHint = 2;

/** Actor → the highest counter of a sibling that is owed. */
type Owed = Map<string, number>;

interface Sent {
  readonly context: ReadonlyMap<string, number>;
  /** Whose hint alone it settles; undefined: of all to whom the name is owed. */
  readonly to: string | undefined;
}

export class HintOracle {
  /** By `<holder> <target> <name>`. */
  private readonly hints = new Map<string, Owed>();
  /** What was sent on, by `<holder> <name>`. */
  private readonly sent = new Map<string, Sent[]>();

  constructor(private readonly violations: Violations) {}

  acked(merge: AckedMerge): void {
    const { reason, owedTo, by } = merge;
    if (reason === forHint) this.settled(merge, undefined);
    else if (reason === forPut && (owedTo === '' || owedTo === by)) this.settled(merge, by);
    else if (reason === forPut) this.owes(merge);
  }

  checkEnd(): void {
    for (const hint of [...this.hints.keys()].slice(0, 3)) {
      const [holder, target, name] = hint.split(' ');
      this.violations.add(
        'safety',
        'hint-forgotten',
        `${holder} acknowledged ${name} as a hint for ${target} and never sent it on`,
      );
    }
  }

  /** A hint may be sent on before the log has it, and so before it is acknowledged. */
  private owes({ by: holder, owedTo: target, records }: AckedMerge): void {
    for (const { name, state } of records) {
      const hint = `${holder} ${target} ${name}`;
      const owed = this.hints.get(hint) ?? new Map<string, number>();
      this.hints.set(hint, owed);
      for (const { dot } of state.siblings) {
        const [actor = '', counter = ''] = dot.split(':');
        owed.set(actor, Math.max(owed.get(actor) ?? 0, Number(counter)));
      }
      this.strike(holder, name);
    }
  }

  /**
   * To the target or, once it is overdue, to all others in its place. A put that the holder
   * coordinates tells the target all it holds of the key, and so settles what it owes it, but
   * nobody else.
   */
  private settled({ from: holder, records }: AckedMerge, to: string | undefined): void {
    for (const { name, state } of records) {
      const sent = this.sent.get(`${holder} ${name}`) ?? [];
      this.sent.set(`${holder} ${name}`, [...sent, { context: state.context, to }]);
      this.strike(holder, name);
    }
  }

  /** What was sent on with a state that knows of all that was owed. */
  private strike(holder: string, name: string): void {
    const sent = this.sent.get(`${holder} ${name}`) ?? [];
    for (const [hint, owed] of this.hints) {
      if (!hint.startsWith(`${holder} `) || !hint.endsWith(` ${name}`)) continue;
      const target = hint.split(' ')[1];
      const isWhole = sent.some(
        ({ context, to }) =>
          (to === undefined || to === target) &&
          [...owed].every(([actor, most]) => (context.get(actor) ?? 0) >= most),
      );
      if (isWhole) this.hints.delete(hint);
    }
  }
}

/**
 * Holds receipts against what was seen. Whoever is told that w nodes hold a write durably finds it
 * on w disks at that moment: in the bytes that were synced, so it does not matter why a node said
 * yes (for an answer meant for another call, for a merge it had seen before, or before its log had
 * it). And primaries are those that said yes as such, fallbacks those that took a hint.
 */
import type { PutResult } from '../client/plain-client.js';
import type { History, Write } from './history.js';
import { tokenOf } from '../workload/values.js';
import type { AckedMerge } from './merge-watch.js';
import type { Violations } from './violations.js';

/**
 * A value begins with the name of its write (`workload/values.ts`); what stands before it may be
 * any byte.
 */
const tokens = /c\d+\.\d+(?= )/g;

/** Uses whose values name other writes as well. */
const manyTokens = new Set(['sets', 'counters']);

export class AckOracle {
  /** Tokens that ever were durable, by node. */
  private readonly durable = new Map<string, Set<string>>();

  /** Who said yes to a write, by its token. */
  private readonly acks = new Map<string, { primaries: Set<string>; fallbacks: Set<string> }>();

  constructor(
    private readonly history: History,
    private readonly violations: Violations,
  ) {}

  acked({ by, reason, owedTo, records }: AckedMerge): void {
    if (reason !== 0) return;
    for (const { value } of records.flatMap(({ state }) => state.siblings)) {
      if (value === undefined) continue;
      const token = tokenOf(value);
      const known = this.acks.get(token) ?? { primaries: new Set(), fallbacks: new Set() };
      this.acks.set(token, known);
      (owedTo === '' ? known.primaries : known.fallbacks).add(by);
    }
  }

  /** Bytes of a node's log that no crash can take any more. */
  synced(node: string, bytes: Buffer): void {
    const known = this.durable.get(node) ?? new Set();
    this.durable.set(node, known);
    for (const [token] of bytes.toString('latin1').matchAll(tokens)) known.add(token);
  }

  /** Whether no crash can take it any more: it was on some disk. */
  wasDurable(token: string): boolean {
    return [...this.durable.values()].some((held) => held.has(token));
  }

  answered(write: Write, result: PutResult): void {
    if (result.kind !== 'done' || write.isDelete || manyTokens.has(useOf(write))) return;
    const [, acked] = /^w=(\d+)\//.exec(result.receipt) ?? [];
    if (acked === undefined || !result.receipt.includes('durability=sync')) return;
    const explained = this.mayStandFor(write);
    if (explained === undefined) return;
    // Put beside others, it may have been replaced before it was sent, or found done by somebody
    // else.
    if (explained.length === 1) this.checkStandings(write, result.receipt);
    const holders = [...this.durable].filter(([, held]) =>
      explained.some((name) => held.has(name)),
    );
    if (holders.length >= Number(acked)) return;
    const on = holders.map(([node]) => node).join(' ');
    this.violations.add(
      'safety',
      'ack-not-durable',
      `${write.token} of ${write.name} is told to be on ${acked} disks, and is on: ${on}`,
    );
  }

  /** One of all may be the coordinator itself. */
  private checkStandings({ token, name }: Write, receipt: string): void {
    const { primaries, fallbacks } = this.acks.get(token) ?? nobody;
    const told = /primaries=(\d+) fallbacks=(\d+)/.exec(receipt);
    if (told === null) return;
    const extra =
      Math.max(0, Number(told[1]) - primaries.size) + Math.max(0, Number(told[2]) - fallbacks.size);
    if (extra > 1)
      this.violations.add(
        'safety',
        'receipt-wrong',
        `${token} of ${name}: ${receipt}; ${primaries.size} said yes as primaries, ${fallbacks.size} as fallbacks`,
      );
  }

  /**
   * The write itself, and those that a node may have had in its place: not known to have ended
   * before it began. Undefined when a delete is among them, whose bytes have no name.
   */
  private mayStandFor(write: Write): string[] | undefined {
    const others = this.history
      .of(write.name)
      .filter(({ endedUs, outcome }) => endedUs > write.askedUs && outcome !== 'none');
    if (others.some(({ isDelete }) => isDelete)) return undefined;
    return [write.token, ...others.map(({ token }) => token)];
  }
}

const nobody = { primaries: new Set<string>(), fallbacks: new Set<string>() };

function useOf({ name }: Write): string {
  return name.slice(0, name.indexOf('/'));
}

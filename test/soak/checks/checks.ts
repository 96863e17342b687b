/**
 * What must be true of a run, said from the users' side: by what was acknowledged and what was
 * shown, and by nothing else. Written without a look at the simulator's oracles, so that the two
 * don't share their mistakes.
 */
import {
  authorOf,
  nameOf,
  numberOf,
  type FinalRecord,
  type OperationRecord,
  type Violation,
  type WriteName,
} from '../records.js';
import { lateWrites, type Hold } from './held.js';
import { Replaced } from './replaced.js';

/** While it lasted, wall clocks went wrong by so much. */
export interface ClockTrouble {
  readonly startMs: number;
  readonly endMs: number;
  readonly offsetMs: number;
}

/** Everything known of one key, in order of beginning. */
interface KeyHistory {
  readonly key: string;
  readonly operations: readonly OperationRecord[];
  readonly final: FinalRecord | undefined;
  /** Writes that may be done after they were given up, each until when. */
  readonly late: ReadonlyMap<WriteName, number>;
}

/** What was wrong with the machine, as far as rules make an exception of it. */
export interface Wrong {
  readonly clocks: readonly ClockTrouble[];
  readonly holds: readonly Hold[];
}

/** Nodes of one machine agree on the time by themselves; a TTL may be late or early by so much. */
const ttlSlackMs = 1_500;

export function violationsOf(
  operations: readonly OperationRecord[],
  finals: readonly FinalRecord[],
  { clocks, holds }: Wrong = { clocks: [], holds: [] },
): Violation[] {
  const rules = [
    unreadable,
    shownThoughRefused,
    shownThoughReplaced,
    lost,
    staleStrictReads,
    ownValuesPiledUp,
    lifetimes,
    severalWinners,
  ];
  const histories = historiesOf(operations, finals, holds);
  return histories.flatMap((history) => rules.flatMap((rule) => rule(history, clocks)));
}

function historiesOf(
  operations: readonly OperationRecord[],
  finals: readonly FinalRecord[],
  holds: readonly Hold[],
): KeyHistory[] {
  const byKey = new Map<
    string,
    { operations: OperationRecord[]; final: FinalRecord | undefined }
  >();
  const of = (name: string): { operations: OperationRecord[]; final: FinalRecord | undefined } => {
    const known = byKey.get(name) ?? { operations: [], final: undefined };
    byKey.set(name, known);
    return known;
  };
  for (const record of operations) of(`${record.workload}/${record.key}`).operations.push(record);
  for (const final of finals) of(`${final.workload}/${final.key}`).final = final;
  for (const { operations } of byKey.values()) operations.sort((a, b) => a.startMs - b.startMs);
  return Array.from(byKey, ([key, { operations, final }]) => ({
    key,
    operations,
    final,
    late: lateWrites(operations, holds),
  }));
}

function unreadable({ key, final }: KeyHistory): Violation[] {
  if (final?.error === undefined) return [];
  return [{ rule: 'unreadable', key, what: final.error }];
}

/** Refused with outcome `none` means: it will never show. */
function shownThoughRefused({ key, operations, final }: KeyHistory): Violation[] {
  const refused = new Set(
    operations.filter(({ outcome, kind }) => outcome === 'none' && kind === 'put').map(nameOf),
  );
  const violations: Violation[] = [];
  for (const name of [...operations.flatMap(({ shown }) => shown ?? []), ...(final?.shown ?? [])]) {
    if (!refused.delete(name)) continue;
    violations.push({ rule: 'none-shown', key, what: `${name} was refused with none` });
  }
  return violations;
}

/**
 * What a write that was acknowledged had seen and replaced stays away. Of sets every element stays.
 */
function shownThoughReplaced({ key, operations, final }: KeyHistory): Violation[] {
  const replaced = new Replaced(operations);
  const violations: Violation[] = [];
  for (const name of final?.shown ?? []) {
    const [by] = replaced.by(name);
    if (by === undefined) continue;
    const what = `${name} shows in the end, and ${nameOf(by)} had replaced it`;
    violations.push({ rule: 'resurrected', key, what });
  }
  for (const read of operations) {
    if (read.kind !== 'get' || read.strict !== true) continue;
    for (const name of read.shown ?? []) {
      const isBefore = ({ strict, endMs }: OperationRecord): boolean =>
        strict === true && endMs < read.startMs;
      const by = replaced.by(name).find(isBefore);
      if (by === undefined) continue;
      violations.push({
        rule: 'resurrected',
        key,
        what: `a strict read at ${read.startMs} shows ${name}, replaced by ${by.name} at ${by.endMs}`,
      });
    }
  }
  return violations;
}

/**
 * What was acknowledged shows in the end, or something that its author wrote later, or what
 * replaced it.
 */
function lost(
  { key, operations, final, late }: KeyHistory,
  clocks: readonly ClockTrouble[],
): Violation[] {
  if (final === undefined || final.error !== undefined) return [];
  const { workload, shown } = final;
  if (workload === 'ttl') return [];
  const acknowledged = operations.filter(
    ({ kind, outcome }) => kind !== 'get' && outcome === 'done',
  );
  if (workload === 'set') {
    const there = new Set(shown);
    return acknowledged
      .filter((write) => !there.has(nameOf(write)))
      .map((write) => ({ rule: 'lost', key, what: `${write.name} is not in the set` }));
  }
  const violations: Violation[] = [];
  for (const author of new Set(acknowledged.map((write) => authorOf(nameOf(write))))) {
    const own = operations.filter(
      ({ kind, name }) => kind !== 'get' && name !== undefined && authorOf(name) === author,
    );
    const last = own.findLast(({ outcome }) => outcome === 'done');
    if (last === undefined || wasHidden(last, workload, clocks)) continue;
    const lastNumber = numberOf(nameOf(last));
    const isLater = (name: WriteName): boolean =>
      numberOf(name) >= lastNumber || (late.get(name) ?? 0) > last.startMs;
    if (shown.some((name) => authorOf(name) === author && isLater(name))) continue;
    // Something of its author that came later may have been done after all: a delete shows nothing.
    if (last.kind === 'delete' || own.some((later) => mayHaveReplaced(later, lastNumber))) continue;
    // Another author knew of it and replaced it.
    if (operations.some((write) => write.replaces?.includes(nameOf(last)) === true)) continue;
    violations.push({
      rule: 'lost',
      key,
      what: `${last.name} was acknowledged at ${last.endMs}; shown: ${shown.join(' ') || 'nothing'}`,
    });
  }
  return violations;
}

function mayHaveReplaced({ kind, outcome, name }: OperationRecord, number: number): boolean {
  return kind === 'delete' && outcome !== 'none' && name !== undefined && numberOf(name) > number;
}

/**
 * Where the last writer wins, what a wrong clock wrote may win for as long as the clock was wrong
 * by.
 */
function wasHidden(
  write: OperationRecord,
  workload: string,
  clocks: readonly ClockTrouble[],
): boolean {
  if (workload !== 'lww') return false;
  return clocks.some(
    ({ startMs, endMs, offsetMs }) =>
      write.endMs >= startMs && write.startMs <= endMs + Math.abs(offsetMs),
  );
}

/**
 * R + W > N, primaries only: a read that began after an acknowledgement shows it or something
 * later.
 */
function staleStrictReads({ key, operations, late }: KeyHistory): Violation[] {
  const [first] = operations;
  if (first?.workload !== 'strict') return [];
  const violations: Violation[] = [];
  const done = operations.filter(({ kind, outcome }) => kind === 'put' && outcome === 'done');
  const acknowledged = done.sort((a, b) => a.endMs - b.endMs);
  let next = 0;
  let newest = 0;
  let lastMs = 0;
  for (const read of operations) {
    if (read.kind !== 'get' || read.outcome !== 'done') continue;
    for (; (acknowledged[next]?.endMs ?? Infinity) < read.startMs; next++) {
      newest = Math.max(newest, numberOf(nameOf(acknowledged[next]!)));
      lastMs = Math.max(lastMs, acknowledged[next]!.startMs);
    }
    const shown = Math.max(0, ...(read.shown ?? []).map(numberOf));
    const isLate = (name: WriteName): boolean => (late.get(name) ?? 0) > lastMs;
    if (shown >= newest || read.shown?.some(isLate) === true) continue;
    violations.push({
      rule: 'stale-strict-read',
      key,
      what: `${read.client} read ${shown} at ${read.startMs}, ${newest} was acknowledged before`,
    });
  }
  return violations;
}

/**
 * Who hands back the context of the own last put leaves one value: of two in one answer neither has
 * replaced the other, nor has anything that is shown beside them, itself or through what replaced
 * it in turn. A read of a sloppy quorum may miss what has replaced both; in the end nothing is
 * missed. Values whose outcome is unknown may be there or not.
 */
function ownValuesPiledUp({ key, operations, final }: KeyHistory): Violation[] {
  const [first] = operations;
  if (first?.workload !== 'session') return [];
  const violations: Violation[] = [];
  const uncertain = new Set(
    operations.filter(({ outcome }) => outcome === 'unknown').map(({ name }) => name),
  );
  const replaced = new Replaced(operations);
  const piledIn = (shown: readonly WriteName[]): WriteName[] => {
    const certain = shown.filter((name) => !uncertain.has(name));
    const isPiled = (name: WriteName): boolean =>
      certain.some((other) => other !== name && authorOf(other) === authorOf(name));
    return certain.filter(isPiled);
  };
  const note = (shown: readonly WriteName[]): void =>
    void violations.push({ rule: 'own-values-piled-up', key, what: shown.join(' ') });
  for (const { shown = [], endMs } of operations)
    if (replaced.isOver(piledIn(shown), shown, endMs)) note(shown);
  const left = final?.shown ?? [];
  if (piledIn(left).some((name) => replaced.by(name).length > 0)) note(left);
  for (const { error, name } of operations)
    if (error?.startsWith('409') === true)
      violations.push({ rule: 'refused-for-siblings', key, what: `${name}: ${error}` });
  return violations;
}

function lifetimes({ key, operations }: KeyHistory, clocks: readonly ClockTrouble[]): Violation[] {
  const put = operations.find(({ workload, kind }) => workload === 'ttl' && kind === 'put');
  if (put?.ttlMs === undefined || put.outcome !== 'done') return [];
  const { ttlMs, startMs, endMs } = put;
  const violations: Violation[] = [];
  for (const read of operations) {
    if (read.kind !== 'get' || read.outcome !== 'done' || read.startMs < endMs) continue;
    if (clocks.some((clock) => clock.startMs < read.endMs && clock.endMs + 1_000 > startMs))
      continue;
    const shows = (read.shown ?? []).length > 0;
    if (shows && read.startMs > endMs + ttlMs + ttlSlackMs)
      violations.push({ rule: 'expired-shown', key, what: `${read.startMs - endMs} ms after it` });
    if (!shows && read.endMs < startMs + ttlMs - ttlSlackMs)
      violations.push({ rule: 'expired-early', key, what: `${read.endMs - startMs} ms after it` });
  }
  return violations;
}

function severalWinners({ key, operations, final }: KeyHistory): Violation[] {
  const [first] = operations;
  if (first?.workload !== 'lww') return [];
  return [...operations.map(({ shown }) => shown ?? []), final?.shown ?? []]
    .filter((shown) => shown.length > 1)
    .map((shown) => ({ rule: 'several-winners', key, what: shown.join(' ') }));
}

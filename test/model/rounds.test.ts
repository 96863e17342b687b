/**
 * Every path through the two round machines: all orders of all answers, silences, refusals and
 * timers, on a small cluster. States that look alike from outside and have the same timers ahead
 * are explored once.
 */
import { describe, expect, test } from '@jest/globals';
import type { InspectionEvent } from 'xstate';
import { openGetLedger, type GetPlan } from '../../actors/coordinator/get-ledger.js';
import type { GetRoundEvent } from '../../actors/coordinator/get-round.machine.js';
import { GetRound, type GetRoundEffects } from '../../actors/coordinator/get-round.js';
import { openPutLedger, type PutOrder, type PutPlan } from '../../actors/coordinator/put-ledger.js';
import type { PutRoundEvent } from '../../actors/coordinator/put-round.machine.js';
import { PutRound, type PutRoundEffects } from '../../actors/coordinator/put-round.js';

interface Explored<E> {
  /** What identifies where a path got to. */
  readonly fingerprint: string;
  readonly isOver: boolean;
  readonly next: readonly E[];
}

/**
 * Runs each path from the start, so that every one meets a fresh machine. Returns the number of
 * places.
 */
function explore<E>(
  run: (path: readonly E[]) => Explored<E>,
  onPlace: (path: readonly E[], place: Explored<E>) => void = () => undefined,
): { readonly places: number; readonly ends: number } {
  const seen = new Set<string>();
  let ends = 0;
  const open: (readonly E[])[] = [[]];
  for (let i = 0; i < open.length; i++) {
    const path = open[i]!;
    const place = run(path);
    if (seen.has(place.fingerprint)) continue;
    seen.add(place.fingerprint);
    if (place.isOver) {
      ends++;
      continue;
    }
    onPlace(path, place);
    for (const step of place.next) open.push([...path, step]);
  }
  return { places: seen.size, ends };
}

function check(holds: boolean, what: string, path: readonly unknown[]): void {
  if (!holds) throw new Error(`${what} after ${JSON.stringify(path)}`);
}

const losses: Readonly<Record<string, 'replica.outOfReach' | 'replica.refused'>> = {
  A: 'replica.outOfReach',
  B: 'replica.outOfReach',
  C: 'replica.refused',
  D: 'replica.refused',
  E: 'replica.outOfReach',
  M: 'replica.refused',
};

/**
 * Whether the node may go by another configuration for a while: of some plans, for paths are many.
 */
function mayDiffer({ self, needed, strict }: PutPlan | GetPlan, node: string): boolean {
  return self === 'A' && needed === 2 && !strict && (node === 'B' || node === 'D');
}

function asks(sent: readonly { readonly to: string }[], node: string): number {
  return sent.filter(({ to }) => to === node).length;
}

function runPut(plan: PutPlan, path: readonly PutRoundEvent[]): Explored<PutRoundEvent> {
  const sent: { to: string; owedTo: string | undefined }[] = [];
  const owed: string[] = [];
  const replies: string[] = [];
  let finishes = 0;
  const effects: PutRoundEffects = {
    carryOut: (order: PutOrder) =>
      order.kind === 'send' ? sent.push(order) : owed.push(order.target),
    replyMet: () => replies.push('met'),
    replyFailed: () => replies.push('failed'),
    planAnew: () => replies.push('anew'),
    finish: () => finishes++,
  };
  let shown: unknown;
  const inspect = {
    next: (event: InspectionEvent): void => {
      if (event.type === '@xstate.snapshot') shown = (event.snapshot as { value?: unknown }).value;
    },
  };
  const round = new PutRound(openPutLedger(plan), effects, { id: 'put', inspect });
  round.begin();
  const acked = new Set<string>();
  const lost = new Map<string, number>();
  const unowed = new Set<string>();
  const differed = new Set<string>();
  let slept = 0;
  for (const step of path) {
    const { state } = round;
    if (step.type === 'replica.slow') slept++;
    if (step.type === 'deadline.passed') replies.push('expired');
    if (step.type === 'log.durable') acked.add(plan.self);
    if (step.type === 'replica.acked') acked.add(step.node);
    if (step.type === 'replica.differs') differed.add(step.node);
    else if ('node' in step && 'why' in step) lost.set(step.node, asks(sent, step.node));
    if (step.type === 'hint.refused') unowed.add(step.target);
    round.happened(step);
    if (state !== 'awaitingQuorum' && step.type !== 'deadline.passed')
      check(replies.length === 1, 'the authors are answered once', path);
  }
  const { state: value, ledger } = round;
  const isOver = value === 'done' || value === 'outdated';
  const replicas = [...new Set([...plan.primaries, ...plan.incoming])];
  // Of one side of a move; without one, everybody is on the same side.
  const isStandIn = (node: string, owners: readonly string[]): boolean =>
    !replicas.includes(node) &&
    (plan.incoming.length === 0 ||
      node === plan.self ||
      owners.includes(sent.findLast(({ to }) => to === node)?.owedTo ?? ''));
  const isCounted = (node: string, owners: readonly string[]): boolean =>
    owners.includes(node) || (!plan.strict && isStandIn(node, owners));
  // One who counts on the other side for each that is given up and owed by the coordinator.
  const acrossTo = (owners: readonly string[]): number => {
    const others = [...acked].filter((node) => !isCounted(node, owners));
    const given = round.ledger.owed.filter((node) => owners.includes(node) && !acked.has(node));
    return plan.strict || plan.incoming.length === 0 ? 0 : Math.min(others.length, given.length);
  };
  const countedOf = (owners: readonly string[]): number =>
    [...acked].filter((node) => isCounted(node, owners)).length + acrossTo(owners);
  const sides = plan.incoming.length === 0 ? [plan.primaries] : [plan.primaries, plan.incoming];
  const counted = Math.min(...sides.map(countedOf));
  check(shown === value, 'who watches is shown where the round is', path);
  check(replies.length <= 1, 'at most one answer', path);
  const asked = sent.map(({ to, owedTo }) => `${to} for ${owedTo}`);
  check(new Set(asked).size === asked.length, 'nobody is asked the same twice', path);
  check(new Set(owed).size === owed.length, 'no hint twice', path);
  check(!sent.some(({ to }) => to === plan.self), 'the coordinator does not write to itself', path);
  if (replies[0] === 'met') check(counted >= plan.needed, 'met means counted', path);
  if (value === 'awaitingQuorum') check(replies.length === 0, 'waiting means unanswered', path);
  else check(replies.length === 1, 'not waiting means answered', path);
  check(finishes === (isOver ? 1 : 0), 'finished once, at the end', path);
  if (value === 'outdated') check(replies[0] === 'anew', 'outdated means planned anew', path);
  if (value === 'done')
    for (const primary of replicas) {
      const isServed =
        acked.has(primary) ||
        owed.includes(primary) ||
        unowed.has(primary) ||
        sent.some(({ to, owedTo }) => owedTo === primary && acked.has(to));
      check(isServed || primary === plan.self, `${primary} has the states or a hint`, path);
    }
  const isOpen = (to: string): boolean => !acked.has(to) && lost.get(to) !== asks(sent, to);
  const open = sent.filter(
    ({ to }, at) => isOpen(to) && sent.findLastIndex((order) => order.to === to) === at,
  );
  const next: PutRoundEvent[] = open.flatMap(({ to }) => [
    { type: 'replica.acked', node: to } as const,
    // Gone and refused are one to the machine: each is tried on some replicas.
    { type: losses[to]!, node: to, why: 'will not' } as const,
  ]);
  for (const { to } of open)
    if (mayDiffer(plan, to) && !differed.has(to))
      next.push({ type: 'replica.differs', node: to, why: 'goes by another' });
  // Where there is no room is known at once.
  if (path.length === 0 && owed.includes('B'))
    next.push({ type: 'hint.refused', target: 'B', why: 'full' });
  if (!acked.has(plan.self)) next.push({ type: 'log.durable' });
  if (value === 'awaitingQuorum') {
    next.push({ type: 'deadline.passed' });
    if (path.length === 2) next.push({ type: 'plan.outdated' });
  }
  if (slept === 0) next.push({ type: 'replica.slow' });
  if (value === 'settling' || value === 'failed') next.push({ type: 'settling.overdue' });
  const { seats, fallbacksTried } = ledger;
  const standing = seats.map((seat) => [seat.node, seat.standing, seat.owedTo, seat.differs]);
  const timers = Math.min(slept, 1);
  const refused = [...unowed];
  const books = { standing, fallbacksTried, owed, refused };
  const fingerprint = JSON.stringify({ value, ...books, timers, replies });
  return { fingerprint, isOver, next };
}

function plans(): PutPlan[] {
  const primaries = ['A', 'B', 'C'];
  const still: readonly string[] = [];
  const clusters = [
    { incoming: still, fallbacks: [], down: [] },
    { incoming: still, fallbacks: [], down: ['B'] },
    { incoming: still, fallbacks: ['D'], down: [] },
    { incoming: still, fallbacks: ['D'], down: ['B', 'C'] },
    { incoming: still, fallbacks: ['D', 'E'], down: ['C'] },
    { incoming: ['A', 'B', 'M'], fallbacks: [], down: [] },
    { incoming: ['B', 'C', 'M'], fallbacks: ['D'], down: ['M'] },
    { incoming: ['A', 'M'], fallbacks: ['D'], down: ['B', 'C'] },
    { incoming: ['B', 'C', 'M'], fallbacks: [], down: ['B', 'C'] },
  ];
  const quorums = [
    { needed: 1, strict: false },
    { needed: 2, strict: false },
    { needed: 2, strict: true },
    { needed: 3, strict: false },
  ];
  const all = clusters.flatMap((cluster) =>
    ['A', 'F'].flatMap((self) =>
      quorums.map((quorum): PutPlan => Object.assign({ self, primaries, ...cluster }, quorum)),
    ),
  );
  return all.filter(
    (plan) =>
      openPutLedger(plan).verdict.kind !== 'failed' &&
      // The largest by far, and like the others.
      !(plan.self === 'F' && plan.fallbacks.length === 2),
  );
}

describe('put round', () => {
  test('all orders of acks, losses, slowness and deadlines: one answer, every primary served at the end, and time alone gets there', () => {
    let ends = 0;
    for (const plan of plans()) {
      const explored = explore<PutRoundEvent>(
        (path) => runPut(plan, path),
        (path, { next }) => {
          const isWaiting = next.some(({ type }) => type === 'deadline.passed');
          const rest: PutRoundEvent[] = isWaiting ? [{ type: 'deadline.passed' }] : [];
          const end = runPut(plan, [...path, ...rest, { type: 'settling.overdue' }]);
          check(end.isOver, 'time ends the round', path);
        },
      );
      expect(explored.ends).toBeGreaterThan(0);
      ends += explored.ends;
    }
    expect(ends).toBeGreaterThan(500);
  });
});

function runGet(plan: GetPlan, path: readonly GetRoundEvent[]): Explored<GetRoundEvent> {
  const asked: string[] = [];
  const replies: string[] = [];
  let repairs = 0;
  let finishes = 0;
  const effects: GetRoundEffects = {
    ask: (node) => asked.push(node),
    replyMet: () => replies.push('met'),
    replyFailed: () => replies.push('failed'),
    planAnew: () => replies.push('anew'),
    repair: () => repairs++,
    finish: () => finishes++,
  };
  let shown: unknown;
  const inspect = {
    next: (event: InspectionEvent): void => {
      if (event.type === '@xstate.snapshot') shown = (event.snapshot as { value?: unknown }).value;
    },
  };
  const round = new GetRound(openGetLedger(plan), effects, { id: 'get', inspect });
  round.begin();
  const done = new Map<string, GetRoundEvent['type']>();
  let differs = false;
  let slept = 0;
  for (const step of path) {
    if (step.type === 'replica.slow') slept++;
    if (step.type === 'deadline.passed') replies.push('expired');
    if ('node' in step) done.set(step.node, step.type);
    if (step.type === 'replica.answered' && step.differs) differs = true;
    round.happened(step);
  }
  const { state: value } = round;
  check(shown === value, 'who watches is shown where the round is', path);
  const isOver = value === 'done' || value === 'failed' || value === 'outdated';
  check(replies.length === (value === 'awaitingQuorum' ? 0 : 1), 'one answer', path);
  check(new Set(asked).size === asked.length, 'nobody is asked twice', path);
  check(finishes === (isOver ? 1 : 0), 'finished once, at the end', path);
  check(repairs <= 1, 'repaired at most once', path);
  if (value === 'done') check((repairs === 1) === differs, 'repaired if states differ', path);
  if (replies[0] === 'met') {
    const answered = [...done].filter(([, type]) => type === 'replica.answered');
    const isOwn = plan.candidates.slice(0, asked.length + 1).includes(plan.self) ? 1 : 0;
    check(answered.length + isOwn >= plan.needed, 'met means answered', path);
  }
  const next: GetRoundEvent[] = [];
  if (value === 'awaitingQuorum') {
    for (const node of asked) {
      const known = done.get(node);
      if (known !== undefined && known !== 'replica.differs') continue;
      if (known === undefined && mayDiffer(plan, node))
        next.push({ type: 'replica.differs', node, why: 'goes by another' });
      next.push(
        { type: 'replica.answered', node, differs: false },
        { type: 'replica.answered', node, differs: true },
        { type: 'replica.outOfReach', node, why: 'is not there' },
        { type: 'replica.refused', node, why: 'refused' },
      );
    }
    next.push({ type: 'deadline.passed' }, { type: 'plan.outdated' });
    if (slept < 2) next.push({ type: 'replica.slow' });
  } else if (value === 'repairing') {
    next.push({ type: 'repairs.answered' }, { type: 'repairs.overdue' });
  }
  const outcomes = [...done].map(String).sort((a, b) => (a < b ? -1 : 1));
  const fingerprint = JSON.stringify({ value, asked, outcomes, slept, replies, differs });
  return { fingerprint, isOver, next };
}

test('get round: all orders of answers, losses, slowness and deadlines end with one answer, and repair only differences', () => {
  const primaries = ['A', 'B', 'C'];
  let ends = 0;
  for (const candidates of [
    ['A', 'B', 'C'],
    ['A', 'B', 'C', 'D'],
    ['A', 'C', 'D', 'E'],
    ['B', 'C', 'A', 'D'],
  ])
    for (const needed of [1, 2, 3])
      for (const strict of [false, true]) {
        const plan: GetPlan = { self: 'A', primaries, candidates, down: [], needed, strict };
        if (openGetLedger(plan).verdict.kind === 'failed') continue;
        ends += explore<GetRoundEvent>((path) => runGet(plan, path)).ends;
      }
  expect(ends).toBeGreaterThan(100);
});

/**
 * How far a change of the cluster is, for whoever wants to do something at that moment and to a
 * node that has a part in it. Known from what nodes say and have on their disks.
 *
 *   proposed    somebody asks voters for another configuration
 *   begun       a move is chosen · moved: some partitions have · nearly: half of them
 *   cancelled   it goes back · finished: the new owners are the owners
 *   released    somebody who left holds nothing any more
 *   settled     nothing moves, and nobody leaves
 *
 *   DRIVER      the first voter that lives · VOTER: any other
 *   SOURCE      owns something that moves away from it · TARGET: will own what it does not yet
 *   JOINER      is of the cluster once the move is over · LEAVER: is not any more
 */
import type { Configuration, Place } from '../../../actors/rules/configuration.js';
import type { Scheduler } from '../core/scheduler.js';
import type { SimRandom } from '../core/sim-random.js';
import type { ChainOracle } from '../oracle/chain-oracle.js';
import type { ChainWatch } from '../oracle/chain-watch.js';
import type { Step } from '../oracle/step-rules.js';
import type { SimNode } from './sim-node.js';

const phases = [
  'proposed',
  'begun',
  'moved',
  'nearly',
  'cancelled',
  'finished',
  'released',
  'settled',
] as const;

export type Phase = (typeof phases)[number];

const roles = ['DRIVER', 'VOTER', 'SOURCE', 'TARGET', 'JOINER', 'LEAVER'] as const;

export type Role = (typeof roles)[number];

/** What a cluster goes by, and who its nodes are. */
export interface ChangesOptions {
  readonly chain: ChainOracle;
  readonly watch: ChainWatch;
  readonly random: SimRandom;
  readonly scheduler: Scheduler;
  readonly nodes: readonly SimNode[];
}

export function isPhase(word: string): word is Phase {
  return phases.some((phase) => phase === word);
}

export class Changes {
  private waiting: { readonly phase: Phase; readonly act: () => void }[] = [];

  constructor(private readonly options: ChangesOptions) {
    const { chain, watch } = options;
    watch.onProposed.push(() => this.reached('proposed'));
    chain.onChosen.push((configuration, step) => {
      for (const phase of phasesOf(configuration, step)) this.reached(phase);
    });
  }

  /** Once, the next time the phase is reached. */
  when(phase: Phase, act: () => void): void {
    this.waiting.push({ phase, act });
  }

  /** Nothing is waited for any more. */
  forget(): void {
    this.waiting = [];
  }

  /** What is under way; undefined: the cluster is what it is to be. */
  get unsettled(): string | undefined {
    const { newest } = this.options.chain;
    if (newest === undefined) return 'nobody has told of a configuration';
    const { number, move, leaving, removed, partitions } = newest;
    if (move !== undefined)
      return `by configuration ${number}, ${move.moved.length} of ${partitions} partitions have moved`;
    const named = (ids: readonly string[]): string => ids.map((id) => this.nameOf(id)).join(' ');
    if (leaving.length > 0) return `by configuration ${number}, ${named(leaving)} leave`;
    // Their places are given to others next.
    if (removed.length > 0) return `by configuration ${number}, ${named(removed)} have places`;
    return undefined;
  }

  /** With the nodes that have these parts now; undefined: nobody has one of them. */
  named(text: string): string | undefined {
    let isWhole = true;
    const named = text.replaceAll(/\b[A-Z]+\b/g, (word) => {
      if (!isRole(word)) return word;
      const name = this.nodeIn(word);
      if (name === undefined) isWhole = false;
      return name ?? word;
    });
    return isWhole ? named : undefined;
  }

  nameOf(id: string): string {
    return this.nodeOf(id)?.name ?? id;
  }

  private reached(phase: Phase): void {
    const due = this.waiting.filter((one) => one.phase === phase);
    if (due.length === 0) return;
    this.waiting = this.waiting.filter((one) => one.phase !== phase);
    // Whoever told of it is in the middle of something.
    for (const { act } of due) this.options.scheduler.in(0, undefined, act);
  }

  private nodeIn(role: Role): string | undefined {
    const { chain, random } = this.options;
    const { newest } = chain;
    if (newest === undefined) return undefined;
    const names = (ids: readonly string[]): string[] =>
      ids.flatMap((id) => this.nodeOf(id)?.name ?? []);
    const able = names(candidates[role](newest));
    const living = able.filter((name) =>
      this.options.nodes.some((n) => n.name === name && n.alive),
    );
    if (role === 'DRIVER') return living[0];
    const others = role === 'VOTER' ? living.slice(1) : able;
    return others.length === 0 ? undefined : random.pick(others);
  }

  private nodeOf(id: string): SimNode | undefined {
    return this.options.nodes.find(({ lastId }) => lastId === id);
  }
}

function isRole(word: string): word is Role {
  return roles.some((role) => role === word);
}

/** Ids, the first ones first. */
const candidates: Readonly<Record<Role, (configuration: Configuration) => readonly string[]>> = {
  DRIVER: votersIn,
  VOTER: votersIn,
  SOURCE: ({ members, move }) => (move === undefined ? [] : idsOf(members)),
  TARGET: ({ members, move }) => idsOf(gaining(members, move?.members ?? [])),
  JOINER: ({ members, move }) => {
    const before = idsOf(members);
    return idsOf(move?.members ?? []).filter((id) => !before.includes(id));
  },
  LEAVER: ({ members, move, leaving, removed }) => {
    const after = idsOf(move?.members ?? members);
    const going = idsOf(members).filter((id) => !after.includes(id) && !removed.includes(id));
    return [...leaving, ...going];
  },
};

function votersIn({ members, removed }: Configuration): string[] {
  return idsOf(members).filter((id) => !removed.includes(id));
}

/** Who comes, and who is to hold more; of those who stay as they are some may gain as well. */
function gaining(before: readonly Place[], after: readonly Place[]): readonly Place[] {
  const weights = new Map(before.map(({ id, weight }) => [id, weight]));
  const more = after.filter(({ id, weight }) => weight > (weights.get(id) ?? 0));
  return more.length > 0 ? more : after;
}

function idsOf(places: readonly Place[]): string[] {
  return places.map(({ id }) => id);
}

function phasesOf(configuration: Configuration, step: Step | undefined): readonly Phase[] {
  const { move, leaving, partitions } = configuration;
  const isSettled = move === undefined && leaving.length === 0;
  const reached: Phase[] = [];
  if (step === 'begin') reached.push('begun');
  if (step === 'moved') reached.push('moved');
  if (step === 'moved' && 2 * (move?.moved.length ?? 0) >= partitions) reached.push('nearly');
  if (step === 'cancelled') reached.push('cancelled');
  if (step === 'finish') reached.push('finished');
  if (step === 'released') reached.push('released');
  if (isSettled && configuration.number > 1) reached.push('settled');
  return reached;
}

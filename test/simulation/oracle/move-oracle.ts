/**
 * Whether anything is lost while partitions move. It looks into nodes, at the moments that count:
 *
 * - A node goes over to a configuration with a move: what it holds then of a partition it gives
 *   away was put by the layout before, of which the new owners know nothing.
 * - A partition is declared moved: each node that is new to it holds that of at least |O| − W + 1
 *   of its owners before. What was put since then went to both sides with a quorum of each, and may
 *   be on its way to one of them.
 * - A node ceases to own a partition: what it held then it may drop once all owners hold it.
 */
import type { Configuration } from '../../../actors/rules/configuration.js';
import type { AskedMerge } from './merge-watch.js';
import type { SeenState } from './message-reader.js';
import { textOf } from './step-rules.js';
import type { Violations } from './violations.js';

/** By name, `<bucket>/<key>`. */
export type Held = ReadonlyMap<string, SeenState>;

/** What the oracle goes by, of the world and of nodes, which it names by their ids. */
export interface MoveSight {
  /** undefined: it does not run, and nobody can look. */
  held(node: string, partition: number): Held | undefined;
  /** Who owns a partition before and after the move; `after` is empty while it doesn't move. */
  owners(configuration: Configuration, partition: number, n: number): Owners;
  /** N of each bucket there is, and the smallest W of those that have it. */
  readonly quorums: ReadonlyMap<number, number>;
  nOf(name: string): number;
}

export interface Owners {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** Name → the dots of its values; `<actor>:<counter>`. */
type Dots = Map<string, Set<string>>;

interface Check {
  /** Who must be looked into; it does not run now. */
  readonly node: string;
  look(held: Held): void;
  readonly partition: number;
}

export class MoveOracle {
  /** What a node held as it went over to a move, by `<node> <partition> <course>`. */
  private readonly given = new Map<string, Dots>();
  /** What it held as it ceased to own it, by `<node> <partition>`. */
  private readonly strays = new Map<string, Dots>();
  /** Whether it owned it by the last configuration it had, by `<node> <partition> <n>`. */
  private readonly owned = new Map<string, boolean>();
  /** By which layout a dot was put first. */
  private readonly putBy = new Map<string, number>();
  /** What an owner has dropped, which takes that all agree to forget it. */
  private readonly collected = new Set<string>();
  private later: Check[] = [];
  /** What each node goes by. */
  private readonly byNode = new Map<string, Configuration>();
  private previous: Configuration | undefined;
  private newest: Configuration | undefined;

  constructor(
    private readonly sight: MoveSight,
    private readonly violations: Violations,
  ) {}

  asked({ reason, configuration, records }: AskedMerge): void {
    if (reason !== forPut || configuration === null) return;
    for (const { state } of records)
      for (const { dot } of state.siblings)
        if (!this.putBy.has(dot)) this.putBy.set(dot, configuration);
  }

  /** Before it acts by it. */
  learned(node: string, configuration: Configuration): void {
    const { partitions } = configuration;
    const course = courseOf(configuration);
    for (let partition = 0; partition < partitions; partition++) {
      if (course !== undefined) this.noteGiven(node, partition, configuration, course);
      this.noteStrays(node, partition, configuration);
    }
    this.byNode.set(node, configuration);
  }

  /** Nobody was seen to have it before. */
  chosen(configuration: Configuration): void {
    if (configuration.number < (this.newest?.number ?? 0)) return;
    this.previous = this.newest;
    this.newest = configuration;
    const { move } = configuration;
    if (move === undefined) return;
    const course = courseOf(configuration);
    // With the first of a course stands what has been there all along.
    if (this.previous === undefined || courseOf(this.previous) !== course) return;
    const before = new Set(this.previous.move?.moved ?? []);
    for (const partition of move.moved)
      if (!before.has(partition)) this.declared(configuration, partition);
  }

  /** It runs again, with what its disk has kept. */
  restarted(node: string): void {
    for (const kept of [this.given, this.strays])
      for (const [key, dots] of kept) {
        const [by, partition = ''] = key.split(' ');
        if (by !== node) continue;
        const held = this.sight.held(node, Number(partition));
        if (held !== undefined) keepHeld(dots, held);
      }
    const waiting = this.later;
    this.later = [];
    for (const check of waiting) this.check(check);
  }

  /** What a node is about to have no more, with the states it has of it. */
  dropped(node: string, partition: number, states: Held): void {
    const strays = this.strays.get(`${node} ${partition}`);
    for (const [name, state] of states) {
      const had = strays?.get(name);
      strays?.delete(name);
      const owned = this.owned.get(`${node} ${partition} ${this.sight.nOf(name)}`) === true;
      if (owned) for (const dot of valuesOf(state)) this.collected.add(dot);
      const due = valuesOf(state).filter((dot) => had?.has(dot) === true);
      if (due.length === 0) continue;
      for (const owner of this.ownersFor(node, partition, this.sight.nOf(name)))
        if (owner !== node)
          this.check({
            node: owner,
            partition,
            look: (held) => this.checkDropped({ node, name, owner, due }, held),
          });
    }
  }

  /**
   * Who owns a partition as the node knows it, and still does. Who has come to own it since is
   * filled from them, as the end of its move takes.
   */
  private ownersFor(node: string, partition: number, n: number): string[] {
    const own = this.byNode.get(node);
    const { newest } = this;
    if (own === undefined || newest === undefined) return [];
    const known = this.allOwners(own, partition, n);
    return [...this.allOwners(newest, partition, n)].filter(
      (owner) => known.has(owner) && !newest.removed.includes(owner),
    );
  }

  private allOwners(configuration: Configuration, partition: number, n: number): Set<string> {
    const { before, after } = this.sight.owners(configuration, partition, n);
    return new Set([...before, ...after]);
  }

  private checkDropped(
    about: {
      readonly node: string;
      readonly name: string;
      readonly owner: string;
      readonly due: readonly string[];
    },
    held: Held,
  ): void {
    const { node, name, owner, due } = about;
    const missing = due.filter((dot) => !covers(held.get(name), dot) && !this.collected.has(dot));
    if (missing.length === 0) return;
    this.violations.add(
      'safety',
      'dropped-too-early',
      `${node} dropped ${name}, which it owned once, and ${owner}, who owns it, does not hold ${missing.join(' ')}`,
    );
  }

  private noteGiven(
    node: string,
    partition: number,
    configuration: Configuration,
    course: string,
  ): void {
    const key = `${node} ${partition} ${course}`;
    if (this.given.has(key)) return;
    const dots: Dots = new Map();
    for (const n of this.sight.quorums.keys()) {
      const { before, after } = this.sight.owners(configuration, partition, n);
      if (after.length === 0 || !before.includes(node)) continue;
      this.collect(dots, { node, partition, n });
    }
    for (const [name, put] of dots) {
      for (const dot of put)
        if ((this.putBy.get(dot) ?? 0) >= configuration.layout) put.delete(dot);
      if (put.size === 0) dots.delete(name);
    }
    this.given.set(key, dots);
  }

  private noteStrays(node: string, partition: number, configuration: Configuration): void {
    const key = `${node} ${partition}`;
    const dots = this.strays.get(key) ?? new Map();
    for (const n of this.sight.quorums.keys()) {
      const { before, after } = this.sight.owners(configuration, partition, n);
      if (before.includes(node) || after.includes(node)) {
        for (const name of dots.keys()) if (this.sight.nOf(name) === n) dots.delete(name);
        continue;
      }
      const was = this.owned.get(`${key} ${n}`) === true;
      if (was) this.collect(dots, { node, partition, n });
    }
    this.noteOwned(node, partition, configuration);
    this.strays.set(key, dots);
  }

  private noteOwned(node: string, partition: number, configuration: Configuration): void {
    for (const n of this.sight.quorums.keys()) {
      const { before, after } = this.sight.owners(configuration, partition, n);
      this.owned.set(`${node} ${partition} ${n}`, before.includes(node) || after.includes(node));
    }
  }

  private collect(
    dots: Dots,
    {
      node,
      partition,
      n,
    }: { readonly node: string; readonly partition: number; readonly n: number },
  ): void {
    for (const [name, state] of this.sight.held(node, partition) ?? [])
      if (this.sight.nOf(name) === n) dots.set(name, new Set(valuesOf(state)));
  }

  private declared(configuration: Configuration, partition: number): void {
    for (const [n, w] of this.sight.quorums) {
      const { before, after } = this.sight.owners(configuration, partition, n);
      const quota = Math.max(1, before.length - Math.min(w, before.length) + 1);
      // What those alone held who are gone for good is lost, and nobody can have it.
      const left = before.filter((node) => !configuration.removed.includes(node));
      const least = Math.min(quota, left.length);
      for (const target of after.filter((node) => !before.includes(node)))
        this.check({
          node: target,
          partition,
          look: (held) =>
            this.checkMoved({ configuration, partition, n, before, target, least }, held),
        });
    }
  }

  private checkMoved(
    about: {
      readonly configuration: Configuration;
      readonly partition: number;
      readonly n: number;
      readonly before: readonly string[];
      readonly target: string;
      readonly least: number;
    },
    held: Held,
  ): void {
    const { configuration, partition, n, before, target, least } = about;
    const course = courseOf(configuration);
    const missing: string[] = [];
    const whole = before.filter((source) => {
      const given = this.given.get(`${source} ${partition} ${course}`);
      if (given === undefined) return false;
      const lacks = [...given].find(
        ([name, dots]) =>
          this.sight.nOf(name) === n && [...dots].some((dot) => !covers(held.get(name), dot)),
      );
      if (lacks !== undefined) missing.push(`${lacks[0]} of ${source}`);
      return lacks === undefined;
    });
    if (whole.length >= least) return;
    this.violations.add(
      'safety',
      'moved-too-early',
      `configuration ${configuration.number} says partition ${partition} has moved, and ${target} holds what ${whole.length} of ${before.length} owners (n=${n}) held, not of ${least}; it lacks ${missing.join(', ') || 'what those hold who have not heard of the move'}`,
    );
  }

  private check(check: Check): void {
    const held = this.sight.held(check.node, check.partition);
    if (held === undefined) this.later.push(check);
    else check.look(held);
  }
}

const forPut = 0;

/** Which way a move goes; undefined: nothing moves. */
function courseOf({ layout, move, members }: Configuration): string | undefined {
  if (move === undefined) return undefined;
  // Where nobody comes or goes the sides differ in weights, hosts or zones.
  const sides = textOf([members, move.members]);
  return `${layout}${sides.replaceAll(' ', '')}`;
}

function valuesOf({ siblings }: SeenState): string[] {
  return siblings
    .filter(({ value, remembered }) => value !== undefined && !remembered)
    .map(({ dot }) => dot);
}

/** It is among the values, or was replaced. */
export function covers(state: SeenState | undefined, dot: string): boolean {
  if (state === undefined) return false;
  const [actor = '', counter = ''] = dot.split(':');
  return (state.context.get(actor) ?? 0) >= Number(counter);
}

function keepHeld(dots: Dots, held: Held): void {
  for (const [name, put] of dots) {
    for (const dot of put) if (!covers(held.get(name), dot)) put.delete(dot);
    if (put.size === 0) dots.delete(name);
  }
}

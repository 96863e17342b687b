/**
 * One key on several nodes, twice over: with the key states of `actors/rules/versions.ts`, and with
 * a naive model that has no vectors, only sets. There every write has a number, a context is the
 * set of all numbers ever seen, and nothing can be claimed that was not seen. Everything happens to
 * both at once; they must agree about siblings and about what is covered.
 *
 * Epochs work as the store promises: drawn from one monotonic counter that a crash moves ahead; a
 * local mark says under which epoch the node may mint. The other rules are controls: each leaves
 * out a part of this, and must lose writes.
 */
import { actorOf } from '../../actors/rules/actor.js';
import {
  compareDots,
  claimsBeyond,
  type Context,
  covers,
  counterOf,
  descends,
  type Dot,
  emptyState,
  hasSeen,
  type KeyState,
  merge,
  mergeContexts,
  mint,
  sameState,
  type SeenContext,
} from '../../actors/rules/versions.js';
import { contextForAuthor } from '../../actors/rules/view.js';

export type EpochRule =
  | 'as promised'
  /** Every node mints for ever as the same actor. */
  | 'one epoch'
  /** Marks stay valid after a start. */
  | 'marks survive crashes'
  /** A node that forgot a key goes on with the mark it had. */
  | 'marks survive forgetting';

type Write = number;

interface NaiveState {
  readonly seen: ReadonlySet<Write>;
  readonly siblings: ReadonlySet<Write>;
}

interface Holding {
  readonly real: KeyState;
  readonly naive: NaiveState;
  /** 0: none. Of this node; never sent. */
  readonly mark: number;
}

interface Node {
  readonly id: string;
  memory: Holding | undefined;
  /** What a crash leaves. */
  disk: Holding | undefined;
  nextEpoch: number;
  leaseEnd: number;
  validEpoch: number;
  /** The last epoch drawn. */
  lastMark: number;
}

/** What a client got, and hands back. */
export interface Seen {
  readonly real: SeenContext;
  readonly naive: ReadonlySet<Write>;
}

export const nothingSeen: Seen = { real: { vector: [], dots: [] }, naive: new Set() };

interface Message {
  readonly to: number;
  readonly holding: Holding;
}

interface Minted {
  readonly dot: Dot;
  readonly replaces: ReadonlySet<Write>;
  readonly tombstone: boolean;
  acknowledged: boolean;
}

const nothing: Holding = {
  real: emptyState,
  naive: { seen: new Set(), siblings: new Set() },
  mark: 0,
};
const leaseBlock = 8;
const value = new Uint8Array(0);

export class VersionWorld {
  readonly writes: Minted[] = [];
  readonly messages: Message[] = [];
  private readonly nodes: Node[];
  private readonly collected = new Set<Write>();
  private readonly dots = new Set<string>();

  constructor(
    nodes: number,
    private readonly rule: EpochRule = 'as promised',
  ) {
    this.nodes = Array.from({ length: nodes }, (_, i) => ({
      id: (i + 1).toString(16).padStart(16, '0'),
      memory: undefined,
      disk: undefined,
      nextEpoch: 1,
      leaseEnd: 1 + leaseBlock,
      validEpoch: 1,
      lastMark: 0,
    }));
  }

  get size(): number {
    return this.nodes.length;
  }

  // --- what can happen ---

  /** `seen` undefined: blind. Returns the write; it is not acknowledged until `acknowledge`. */
  put(at: number, put: { readonly seen: Seen | undefined; readonly tombstone?: boolean }): Write {
    const node = this.nodes[at]!;
    const local = node.memory ?? nothing;
    const epoch = this.epochFor(node, local);
    const actor = actorOf(node.id, epoch);
    const tombstone = put.tombstone === true;
    const write = this.writes.length;
    const real = mint({
      local: local.real,
      seen: put.seen?.real,
      actor,
      value: tombstone ? null : value,
      writtenAtMs: 0,
      expiresAtMs: 0,
      operation: String(write),
    });
    const dot = { actor, counter: counterOf(real.context, actor) };
    const naiveSeen = put.seen?.naive ?? local.naive.seen;
    // What its coordinator has not got covers nothing.
    const found = [...naiveSeen].filter((other) => local.naive.seen.has(other));
    const kept = [...local.naive.siblings].filter((sibling) => !naiveSeen.has(sibling));
    const naive = {
      seen: new Set([...local.naive.seen, write]),
      siblings: new Set([...kept, write]),
    };
    const dropped = [...local.naive.siblings].filter((sibling) => naiveSeen.has(sibling));
    // Where not all claims were there the author is told so (`seen=partly`), and promised no more
    // than what was done.
    const isPartly = put.seen !== undefined && claimsBeyond(put.seen.real, local.real.context);
    const gone = local.real.siblings
      .filter((sibling) => !real.siblings.includes(sibling))
      .map(({ operation }) => Number(operation));
    const replaces = new Set(
      isPartly ? gone : [...dropped, ...(put.seen === undefined ? [] : found)],
    );
    this.writes.push({ dot, replaces, tombstone, acknowledged: false });
    const name = nameOf(dot);
    // Without epochs a dot may name two writes: the control shows what comes of it.
    if (this.rule === 'as promised' && this.dots.has(name))
      throw new Error(`dot ${name} minted twice`);
    this.dots.add(name);
    if (!sameState(merge(local.real, real), real) || !sameState(merge(real, local.real), real))
      throw new Error('a put does not contain what it was made from');
    node.memory = { real, naive, mark: epoch };
    return write;
  }

  /** The node's log is on disk up to here. */
  sync(at: number): void {
    const node = this.nodes[at]!;
    node.disk = node.memory;
  }

  /** Somebody has the write on disk, and the client was told. */
  acknowledge(write: Write): void {
    if (this.nodes.some((node) => node.disk?.naive.seen.has(write) === true))
      this.writes[write]!.acknowledged = true;
  }

  send(from: number, to: number): void {
    const { memory } = this.nodes[from]!;
    if (memory !== undefined && from !== to) this.messages.push({ to, holding: memory });
  }

  /** `keep`: it will arrive a second time. */
  deliver(index: number, options: { readonly keep?: boolean } = {}): void {
    const message = this.messages[index];
    if (message === undefined) return;
    if (options.keep !== true) this.messages.splice(index, 1);
    this.mergeInto(this.nodes[message.to]!, message.holding);
  }

  lose(index: number): void {
    this.messages.splice(index, 1);
  }

  /** kill -9: what was not synced is gone, the epochs of the lease too. */
  crash(at: number): void {
    const node = this.nodes[at]!;
    node.memory = node.disk;
    node.nextEpoch = node.leaseEnd;
    node.leaseEnd += leaseBlock;
    node.validEpoch = node.nextEpoch;
  }

  /** A clean stop and start. */
  restart(at: number): void {
    this.sync(at);
    this.crash(at);
  }

  /**
   * A fallback's hint is acknowledged, or a node leaves: others have the state on disk, this one
   * forgets it.
   */
  handOff(from: number, to: readonly number[], options: { readonly synced: boolean }): void {
    const node = this.nodes[from]!;
    const others = to.filter((other) => other !== from);
    if (node.memory === undefined || others.length === 0) return;
    for (const other of others) {
      this.mergeInto(this.nodes[other]!, node.memory);
      this.sync(other);
    }
    node.memory = undefined;
    if (options.synced) this.sync(from);
  }

  read(from: readonly number[], before: Seen = nothingSeen): Seen {
    return from.reduce((seen, at) => {
      const { real, naive } = this.nodes[at]!.memory ?? nothing;
      return {
        real: withRead(seen.real, real.context),
        naive: new Set([...seen.naive, ...naive.seen]),
      };
    }, before);
  }

  /** What the author of a put gets back. */
  authored(at: number, write: Write, seen: Seen | undefined): Seen {
    const { real, naive } = this.nodes[at]!.memory!;
    const { dot } = this.writes[write]!;
    const context = contextForAuthor({ state: real, seen: seen?.real, isAllFound: false, dot });
    if (!hasSeen(context, dot)) throw new Error(`the context of write ${write} does not cover it`);
    // What could not be found when it was written is claimed all the same.
    const claimed = [...(seen?.naive ?? [])].filter((other) => {
      const claim = this.writes[other]!.dot;
      if (hasSeen(context, claim)) return true;
      if (!covers(real.context, claim)) throw new Error(`write ${other} is not claimed any more`);
      return false;
    });
    const whole = descends(context.vector, real.context) ? naive.seen : [];
    return { real: context, naive: new Set([...claimed, ...whole, write]) };
  }

  /**
   * Forgets a tombstone all of `primaries` agree on; nobody else may hold the key (a hint is out,
   * or it is no member) unless `strays` are ignored, and nothing may be under way. `only`: the
   * others have not got to it yet.
   */
  collect(
    primaries: readonly number[],
    options: { readonly only?: readonly number[]; readonly ignoreStrays?: boolean } = {},
  ): boolean {
    const holdings = primaries.map((at) => this.nodes[at]!.memory);
    const [first] = holdings;
    if (first === undefined || this.messages.length > 0) return false;
    const dead = [...first.naive.siblings].every((write) => this.writes[write]!.tombstone);
    const agreed = holdings.every((held) => held !== undefined && sameState(held.real, first.real));
    const durable = primaries.every((at) => this.nodes[at]!.disk === this.nodes[at]!.memory);
    const strays = this.nodes.filter(
      (node, at) => !primaries.includes(at) && (node.memory ?? node.disk) !== undefined,
    );
    if (!dead || !agreed || !durable) return false;
    if (strays.length > 0 && options.ignoreStrays !== true) return false;
    for (const write of first.naive.seen) this.collected.add(write);
    for (const at of options.only ?? primaries) {
      this.nodes[at]!.memory = undefined;
      this.sync(at);
    }
    return true;
  }

  // --- what must be true ---

  /**
   * Everywhere the same siblings as in the naive model, and a context claims exactly what was seen.
   */
  check(): void {
    for (const { real, naive } of this.nodes.map((node) => node.memory ?? nothing)) {
      const shown = real.siblings.map(({ operation }) => Number(operation)).sort(ascending);
      const expected = [...naive.siblings].sort(ascending);
      if (shown.join() !== expected.join())
        throw new Error(`siblings ${shown.join()}, naively ${expected.join()}`);
      for (const [write, { dot }] of this.writes.entries())
        if (covers(real.context, dot) !== naive.seen.has(write))
          throw new Error(`context and naive model differ about write ${write}`);
    }
  }

  /**
   * Everyone is back, everything has arrived: no acknowledged write is lost, none that was replaced
   * is back.
   */
  checkOutcome(): KeyState {
    while (this.messages.length > 0) this.deliver(0);
    const final = this.nodes.reduce(
      (all, { memory }) => merge(all, memory?.real ?? emptyState),
      emptyState,
    );
    const shown = new Set(final.siblings.map(({ operation }) => Number(operation)));
    const survives = new Set<Write>();
    for (const { memory } of this.nodes) for (const w of memory?.naive.seen ?? []) survives.add(w);
    for (const write of this.writes.keys()) {
      const replaced = [...survives].some((other) => this.writes[other]!.replaces.has(write));
      if (
        this.writes[write]!.acknowledged &&
        !shown.has(write) &&
        !replaced &&
        !this.collected.has(write)
      )
        throw new Error(`acknowledged write ${write} is lost`);
      if (shown.has(write) && replaced && !this.collected.has(write))
        throw new Error(`write ${write} is back`);
    }
    return final;
  }

  state(at: number): KeyState {
    return this.nodes[at]!.memory?.real ?? emptyState;
  }

  private epochFor(node: Node, local: Holding): number {
    if (this.rule === 'one epoch') return 1;
    const mark = this.rule === 'marks survive forgetting' ? node.lastMark : local.mark;
    const isValid = mark >= node.validEpoch || this.rule === 'marks survive crashes';
    if (mark !== 0 && isValid) return mark;
    if (node.nextEpoch === node.leaseEnd) node.leaseEnd += leaseBlock;
    return (node.lastMark = node.nextEpoch++);
  }

  private mergeInto(node: Node, { real, naive }: Holding): void {
    const local = node.memory ?? nothing;
    node.memory = {
      real: merge(local.real, real),
      naive: mergeNaive(local.naive, naive),
      mark: local.mark,
    };
  }
}

function withRead({ vector, dots }: SeenContext, context: Context): SeenContext {
  const known = mergeContexts(vector, context);
  return { vector: known, dots: dots.filter((dot) => !covers(known, dot)) };
}

function mergeNaive(a: NaiveState, b: NaiveState): NaiveState {
  const stays = (write: Write, other: NaiveState): boolean =>
    other.siblings.has(write) || !other.seen.has(write);
  return {
    seen: new Set([...a.seen, ...b.seen]),
    siblings: new Set([
      ...[...a.siblings].filter((write) => stays(write, b)),
      ...[...b.siblings].filter((write) => stays(write, a)),
    ]),
  };
}

function ascending(a: Write, b: Write): number {
  return a - b;
}

function nameOf(dot: Dot): string {
  return `${dot.actor}:${dot.counter}`;
}

/** The invariant of a key state: siblings ascend, and its own context covers each. */
export function isSound(state: KeyState): boolean {
  return state.siblings.every(
    ({ dot }, i) =>
      covers(state.context, dot) && (i === 0 || compareDots(state.siblings[i - 1]!.dot, dot) < 0),
  );
}

/**
 * Looks into a cluster from outside: where keys belong, what each node holds of them, what is still
 * owed.
 */
import type { PlainClient } from '../client/plain-client.js';
import type { SeenState } from '../oracle/message-reader.js';
import { leavesOver } from '../oracle/tree-reader.js';
import { partitionOfTokens } from '../seams/sim-nats.js';
import { wallMsAt } from '../seams/sim-clock.js';
import { heldBy, treeOf } from './holdings.js';
import type { SimCluster } from './sim-cluster.js';
import type { SimNode } from './sim-node.js';

interface RingNode {
  readonly id: string;
  readonly name: string;
}

interface RingDocument {
  readonly nodes: readonly RingNode[];
  readonly groups: readonly (readonly number[])[];
  readonly groupOf: readonly number[];
}

const ringAsksMax = 20;
const ringAgainUs = 250_000;

/** By when every node has dropped a value, with a second for each clock and what comes at once. */
const expiredForMs = 10_000;

export class Observatory {
  private readonly client: PlainClient;

  /** `nOf`: how many primaries a name has. */
  constructor(
    private readonly cluster: SimCluster,
    readonly nOf: (name: string) => number,
  ) {
    this.client = cluster.client('observer').client;
  }

  /** Names of the nodes of a name, primaries first; undefined when nobody tells. */
  async preference(name: string): Promise<readonly string[] | undefined> {
    const ring = await this.ring();
    return ring && preferenceOf(ring, this.partitionOf(name)).map((node) => node.name);
  }

  /** How many primaries of a name there are; undefined when nobody tells. */
  async primariesOf(name: string): Promise<number | undefined> {
    const ring = await this.ring();
    return ring && this.primariesIn(ring, this.partitionOf(name), this.nOf(name)).length;
  }

  hintsLeft(): string | undefined {
    for (const { name, node } of this.cluster.members) {
      const hints = node?.status().hints ?? 0;
      if (hints > 0) return `${name} still owes ${hints} hints`;
    }
    return undefined;
  }

  /** Which name the primaries disagree on, and how; undefined when they agree on all. */
  async difference(names: readonly string[]): Promise<string | undefined> {
    const ring = await this.ring();
    if (ring === undefined) return 'no ring';
    const held = new Map<string, ReadonlyMap<string, SeenState>>();
    for (const node of this.cluster.members) {
      const states = this.statesOf(node, names);
      if (states === undefined) return `${node.name} can't be looked into`;
      held.set(node.name, states);
    }
    for (const name of names) {
      const primaries = this.primariesIn(ring, this.partitionOf(name), this.nOf(name));
      const texts = primaries.map(
        ({ name: node }) => `${node} ${stateText(held.get(node)!.get(name)!)}`,
      );
      const distinct = new Set(texts.map((text) => text.slice(text.indexOf(' '))));
      if (distinct.size > 1) return `${name} differs: ${texts.join(' | ')}`;
    }
    return undefined;
  }

  /**
   * Where a hash tree is not what the keys beside it ask for, or the primaries of a partition have
   * different ones; undefined when all are right. Where buckets of one partition differ in N, only
   * those who are primaries for all of them must agree.
   */
  async treesDiffer(names: readonly string[]): Promise<string | undefined> {
    const ring = await this.ring();
    if (ring === undefined) return 'no ring';
    const primariesOf = new Map<number, number>();
    for (const name of names) {
      const partition = this.partitionOf(name);
      const least = Math.min(this.nOf(name), primariesOf.get(partition) ?? Infinity);
      primariesOf.set(partition, least);
    }
    const looks = [...primariesOf].flatMap(([partition, n]) =>
      this.primariesIn(ring, partition, n).map(({ id, name }) => ({ partition, id, name })),
    );
    const trees = looks.map(({ name, partition }) => treeOf(this.cluster.node(name), partition));
    const first = new Map<number, number>();
    for (const [i, { partition, name }] of looks.entries()) {
      const tree = trees[i];
      if (tree === undefined) return `${name} can't be looked into`;
      if (!tree.leaves.equals(leavesOver(tree.digests)))
        return `the tree of partition ${partition} at ${name} is not that of its ${tree.digests.size} keys`;
      const other = first.get(partition) ?? i;
      first.set(partition, other);
      if (!tree.leaves.equals(trees[other]!.leaves))
        return `the trees of partition ${partition} at ${looks[other]!.name} and ${name} differ`;
    }
    return undefined;
  }

  /** Who holds a value that nobody has shown for seconds; undefined when nobody does. */
  expiredIn(names: readonly string[]): string | undefined {
    const overMs = wallMsAt(this.cluster.scheduler.nowUs) - expiredForMs;
    for (const node of this.cluster.members)
      for (const [name, { siblings }] of this.statesOf(node, names) ?? [])
        for (const { value, expiresAtMs, dot } of siblings)
          if (value !== undefined && expiresAtMs !== 0 && expiresAtMs < overMs)
            return `${node.name} still has the value of ${dot} of ${name}, which has expired`;
    return undefined;
  }

  /** Which nodes still hold anything of a name; undefined when none does. */
  leftOf(name: string): string | undefined {
    for (const node of this.cluster.members) {
      const state = this.statesOf(node, [name])?.get(name);
      if (state === undefined) return `${node.name} can't be looked into`;
      if (state.context.size > 0) return `${node.name} still holds ${stateText(state)}`;
    }
    return undefined;
  }

  partitionOf(name: string): number {
    const at = name.indexOf('/');
    const tokens = [name.slice(0, at), ...name.slice(at + 1).split('.')];
    return partitionOfTokens(tokens, this.cluster.options.partitions);
  }

  storageKey(name: string): string {
    const partition = this.partitionOf(name);
    return `${String.fromCharCode(partition >> 8, partition & 0xff)}${name.replace('/', '\0')}`;
  }

  /** The state a node holds of each name; the empty state when none. */
  private statesOf(
    node: SimNode,
    names: readonly string[],
  ): ReadonlyMap<string, SeenState> | undefined {
    const states = new Map<string, SeenState>(names.map((name) => [name, emptySeen]));
    for (const partition of new Set(names.map((name) => this.partitionOf(name)))) {
      const held = heldBy(node, partition);
      if (held === undefined) return undefined;
      for (const [name, state] of held) if (states.has(name)) states.set(name, state);
    }
    return states;
  }

  /** Without a node whose directory was wiped: the ring keeps its place, and nobody is there. */
  private primariesIn(ring: RingDocument, partition: number, n: number): readonly RingNode[] {
    const members = new Set(this.cluster.members.map(({ name }) => name));
    return preferenceOf(ring, partition)
      .slice(0, n)
      .filter(({ name }) => members.has(name));
  }

  /** A node that has just started may be asked, which knows no owners yet: others do, or soon. */
  private async ring(): Promise<RingDocument | undefined> {
    for (let asked = 0; asked < ringAsksMax; asked++) {
      const ring = await this.ringOfAny();
      if (ring?.groups.some((group) => group.length > 0) === true) return ring;
      await this.cluster.after(ringAgainUs);
    }
    return undefined;
  }

  private async ringOfAny(): Promise<RingDocument | undefined> {
    let answer: { document: object | undefined } | undefined;
    this.client.document('ring', (document) => (answer = { document }));
    await this.cluster.until(() => answer !== undefined, 5e6);
    return answer?.document as RingDocument | undefined;
  }
}

const emptySeen: SeenState = { context: new Map(), siblings: [], bytes: 0 };

/** Equal states give equal texts. */
function stateText({ context, siblings }: SeenState): string {
  const entries = [...context].map(([actor, counter]) => `${actor}:${counter}`).sort();
  const dots = siblings.map(({ dot }) => dot).sort();
  return `{${entries.join(' ')}} [${dots.join(' ')}]`;
}

function preferenceOf({ nodes, groups, groupOf }: RingDocument, partition: number): RingNode[] {
  return groups[groupOf[partition]!]!.map((index) => nodes[index]!);
}

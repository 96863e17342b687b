/**
 * Looks into a cluster from outside: where keys belong, what each node holds of them, what is still
 * owed.
 */
import { nodeOptionsDefault } from '../../../src/options/node-options.js';
import type { PlainClient } from '../client/plain-client.js';
import type { SeenState } from '../oracle/message-reader.js';
import { leavesOver, type SeenTree } from '../oracle/tree-reader.js';
import { Probe, stateText } from './probe.js';
import type { SimCluster } from './sim-cluster.js';

interface RingNode {
  readonly id: string;
  readonly name: string;
}

interface RingDocument {
  readonly nodes: readonly RingNode[];
  readonly groups: readonly (readonly number[])[];
  readonly groupOf: readonly number[];
}

export class Observatory {
  private readonly client: PlainClient;
  private readonly probe: Probe;

  /** `nOf`: how many primaries a name has. */
  constructor(
    private readonly cluster: SimCluster,
    readonly nOf: (name: string) => number,
  ) {
    this.client = cluster.client('observer').client;
    const { bus, process } = cluster.client('probe');
    this.probe = new Probe(bus, cluster.scheduler, process, {
      prefix: nodeOptionsDefault.prefix,
      partitions: cluster.options.partitions,
    });
  }

  /** Names of the nodes of a name, primaries first; undefined when nobody tells. */
  async preference(name: string): Promise<readonly string[] | undefined> {
    const ring = await this.ring();
    return ring && preferenceOf(ring, this.probe.partitionOf(name)).map((node) => node.name);
  }

  /** How many primaries of a name there are; undefined when nobody tells. */
  async primariesOf(name: string): Promise<number | undefined> {
    const ring = await this.ring();
    return ring && this.primariesIn(ring, this.probe.partitionOf(name), this.nOf(name)).length;
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
    for (const { name, node } of this.cluster.members) {
      const states = await this.statesOf(node?.id ?? '', names);
      if (states === undefined) return `${name} does not answer`;
      held.set(name, states);
    }
    for (const name of names) {
      const primaries = this.primariesIn(ring, this.probe.partitionOf(name), this.nOf(name));
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
      const partition = this.probe.partitionOf(name);
      const least = Math.min(this.nOf(name), primariesOf.get(partition) ?? Infinity);
      primariesOf.set(partition, least);
    }
    const looks = [...primariesOf].flatMap(([partition, n]) =>
      this.primariesIn(ring, partition, n).map(({ id, name }) => ({ partition, id, name })),
    );
    const trees: (SeenTree | undefined)[] = [];
    let waiting = looks.length;
    looks.forEach(({ id, partition }, i) =>
      this.probe.tree(id, partition, (tree) => {
        trees[i] = tree;
        waiting--;
      }),
    );
    await this.cluster.until(() => waiting === 0, 60e6);
    const first = new Map<number, number>();
    for (const [i, { partition, name }] of looks.entries()) {
      const tree = trees[i];
      if (tree === undefined) return `${name} does not answer`;
      if (!tree.leaves.equals(leavesOver(tree.digests)))
        return `the tree of partition ${partition} at ${name} is not that of its ${tree.digests.size} keys`;
      const other = first.get(partition) ?? i;
      first.set(partition, other);
      if (!tree.leaves.equals(trees[other]!.leaves))
        return `the trees of partition ${partition} at ${looks[other]!.name} and ${name} differ`;
    }
    return undefined;
  }

  /** Which nodes still hold anything of a name; undefined when none does. */
  async leftOf(name: string): Promise<string | undefined> {
    for (const { name: nodeName, node } of this.cluster.members) {
      const states = await this.statesOf(node?.id ?? '', [name]);
      if (states === undefined) return `${nodeName} does not answer`;
      const state = states.get(name)!;
      if (state.context.size > 0) return `${nodeName} still holds ${stateText(state)}`;
    }
    return undefined;
  }

  partitionOf(name: string): number {
    return this.probe.partitionOf(name);
  }

  storageKey(name: string): string {
    return this.probe.storageKey(name);
  }

  private async statesOf(
    id: string,
    names: readonly string[],
  ): Promise<ReadonlyMap<string, SeenState> | undefined> {
    if (id === '') return undefined;
    let answer: { states: ReadonlyMap<string, SeenState> | undefined } | undefined;
    this.probe.read(id, names, (states) => (answer = { states }));
    await this.cluster.until(() => answer !== undefined, 60e6);
    return answer?.states;
  }

  /** Without a node whose directory was wiped: the ring keeps its place, and nobody is there. */
  private primariesIn(ring: RingDocument, partition: number, n: number): readonly RingNode[] {
    const members = new Set(this.cluster.members.map(({ name }) => name));
    return preferenceOf(ring, partition)
      .slice(0, n)
      .filter(({ name }) => members.has(name));
  }

  private async ring(): Promise<RingDocument | undefined> {
    let answer: { document: object | undefined } | undefined;
    this.client.document('ring', (document) => (answer = { document }));
    await this.cluster.until(() => answer !== undefined, 5e6);
    return answer?.document as RingDocument | undefined;
  }
}

function preferenceOf({ nodes, groups, groupOf }: RingDocument, partition: number): RingNode[] {
  return groups[groupOf[partition]!]!.map((index) => nodes[index]!);
}

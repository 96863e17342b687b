/**
 * What nodes say of themselves with their beats: which configuration they know, and how far they
 * are with what it wants of them. This one's own word is among them.
 *
 * It is the word of one life of theirs: who starts anew may do so on an older disk, and is to say
 * it again.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import type { ByteString } from '../../actors/rules/key.js';
import type { ConfigurationNumber } from '../../actors/rules/said-configuration.js';
import type { NewsOfChain } from '../wire/protocol/news.js';

interface Report {
  readonly generation: number;
  readonly number: ConfigurationNumber;
  readonly layout: ConfigurationNumber | undefined;
  readonly received: ReadonlySet<number>;
  readonly isEmpty: boolean;
  readonly emptied: readonly ByteString[];
}

export class Reports {
  /** Of members, and of who waits to be one. */
  private readonly reports = new Map<NodeId, Report>();

  /** `generationOf`: of the life that is known; undefined: nobody knows the node. */
  constructor(private readonly generationOf: (node: NodeId) => number | undefined) {}

  hear(node: NodeId, generation: number, { number, progress }: NewsOfChain): void {
    if (generation !== this.generationOf(node)) return;
    this.reports.set(node, {
      generation,
      number,
      layout: progress?.layout,
      received: new Set(progress?.received),
      isEmpty: progress?.isEmpty === true,
      emptied: progress?.emptied ?? [],
    });
  }

  keepOnlyKnown(): void {
    for (const node of this.reports.keys())
      if (this.generationOf(node) === undefined) this.reports.delete(node);
  }

  numberOf(node: NodeId): ConfigurationNumber | undefined {
    return this.of(node)?.number;
  }

  /** `since`: what was said before that configuration was known is not asked for any more. */
  hasReceived(
    node: NodeId,
    partition: number,
    by: { readonly layout: ConfigurationNumber; readonly since: ConfigurationNumber },
  ): boolean {
    const report = this.of(node);
    if (report?.layout !== by.layout || report.number < by.since) return false;
    return report.received.has(partition);
  }

  isEmpty(node: NodeId, layout: ConfigurationNumber): boolean {
    const report = this.of(node);
    return report?.layout === layout && report.isEmpty;
  }

  /** Nothing of the bucket, which is being removed. */
  hasEmptied(node: NodeId, bucket: ByteString, layout: ConfigurationNumber): boolean {
    const report = this.of(node);
    return report?.layout === layout && report.emptied.includes(bucket);
  }

  private of(node: NodeId): Report | undefined {
    const report = this.reports.get(node);
    return report?.generation === this.generationOf(node) ? report : undefined;
  }
}

/**
 * What nodes say of themselves with their beats: which configuration they know, and how far they
 * are with what it wants of them. This one's own word is among them.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import type { ConfigurationNumber } from '../../actors/rules/said-configuration.js';
import type { NewsOfChain } from '../wire/protocol/news.js';

interface Report {
  readonly number: ConfigurationNumber;
  readonly layout: ConfigurationNumber | undefined;
  readonly received: ReadonlySet<number>;
  readonly isEmpty: boolean;
}

export class Reports {
  /** Of members, and of who waits to be one. */
  private readonly reports = new Map<NodeId, Report>();

  hear(node: NodeId, { number, progress }: NewsOfChain): void {
    this.reports.set(node, {
      number,
      layout: progress?.layout,
      received: new Set(progress?.received),
      isEmpty: progress?.isEmpty === true,
    });
  }

  keepOnly(isKnown: (node: NodeId) => boolean): void {
    for (const node of this.reports.keys()) if (!isKnown(node)) this.reports.delete(node);
  }

  numberOf(node: NodeId): ConfigurationNumber | undefined {
    return this.reports.get(node)?.number;
  }

  hasReceived(node: NodeId, partition: number, layout: ConfigurationNumber): boolean {
    const report = this.reports.get(node);
    return report?.layout === layout && report.received.has(partition);
  }

  isEmpty(node: NodeId, layout: ConfigurationNumber): boolean {
    const report = this.reports.get(node);
    return report?.layout === layout && report.isEmpty;
  }
}

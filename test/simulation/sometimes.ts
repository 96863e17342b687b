/**
 * Rare situations a search must reach, or it searches too little: named points, noticed from
 * outside (receipts, counters, messages, the disk's own account), so that no product code knows of
 * them.
 */
import { mergeOf, notOwed } from '../../src/wire/protocol/merge.js';
import type { WireValue } from '../../src/wire/wire-value.js';
import type { SimCluster } from './cluster/sim-cluster.js';
import type { GetResult, PutResult } from './client/plain-client.js';
import { readMessagePack } from './oracle/message-reader.js';
import type { Publication } from './seams/sim-nats.js';

export class Sometimes {
  readonly reached = new Set<string>();

  constructor(private readonly cluster: SimCluster) {
    cluster.nats.onPublish.push((_from, publication) => this.publication(publication));
  }

  reach(point: string): void {
    this.reached.add(point);
  }

  result(result: PutResult | GetResult, name: string): void {
    if (result.kind === 'failed') {
      this.reach(`answer ${result.code} ${result.outcome}`);
      return;
    }
    if (/fallbacks=[1-9]/.test(result.receipt)) this.reach('a fallback acknowledged');
    if (/hints=[1-9]/.test(result.receipt)) this.reach('an answer with hints outstanding');
    if (result.kind === 'found' && result.values.length > 1) this.reach('siblings were shown');
    if (result.kind === 'found' && result.values.length > 4) this.reach('many siblings were shown');
    if (result.kind === 'absent' && result.context !== '')
      this.reach(name.startsWith('expiring/') ? 'a value expired' : 'a tombstone was read');
    if (result.kind === 'found' && name.startsWith('lww/')) this.reach('a last writer was shown');
  }

  /** At the end of a run: what the parts have counted. */
  look(): void {
    for (const { node, disk } of this.cluster.nodes) {
      const counters: Readonly<Record<string, number>> = node?.status().counters ?? {};
      for (const [name, count] of Object.entries(counters))
        if (count > 0 && counted.has(name)) this.reach(`counted ${name}`);
      if (disk.quarantined.size > 0) this.reach('a damaged log segment was set aside');
    }
    if (this.cluster.dots.mintedTwice().size > 0) this.reach('one write was minted twice');
  }

  private publication({ subject, payload }: Publication): void {
    if (subject.startsWith('kv.frame.') && payload.length > 0) this.frame(payload);
    if (!subject.startsWith('_')) return;
    const verb = subject.slice(subject.lastIndexOf('.') + 1);
    if (verb !== 'merge' && verb !== 'collection' && verb !== 'forward') return;
    this.reach(`message ${verb}`);
    if (verb !== 'merge') return;
    const message = readMessagePack(payload) as [number, string, number, WireValue[]];
    const [reason, owedTo] = mergeOf(message[3]);
    this.reach(`merge for ${['a put', 'a repair', 'a hint', 'an exchange'][reason]}`);
    if (owedTo !== notOwed) this.reach('a fallback took a hint');
  }

  private frame(payload: Buffer): void {
    const [, kind] = readMessagePack(payload) as [number, number];
    const name = ['a put', 'a get', 'a refusal', 'an own read'][kind];
    this.reach(`frame of ${name ?? kind}`);
  }
}

/** Counters whose rise is rare enough to be worth reaching. */
const counted = new Set([
  'coordinator.readRepairs',
  'coordinator.fallbacksUsed',
  'coordinator.failures',
  'handoff.delivered',
  'handoff.rehomed',
  'handoff.failures',
  'store.flushes',
]);

/** What a search over many seeds must reach. */
export const sometimesWanted: readonly string[] = [
  'a fallback acknowledged',
  'a fallback took a hint',
  'a tombstone was read',
  'a value expired',
  'a last writer was shown',
  'an answer with hints outstanding',
  'many siblings were shown',
  'merge for a repair',
  'merge for a hint',
  'merge for an exchange',
  'message forward',
  'message collection',
  'frame of a get',
  'frame of an own read',
  'answer 503 none',
  'answer 503 unknown',
  'answer 504 unknown',
  'a damaged log segment was set aside',
  'one write was minted twice',
  'counted coordinator.readRepairs',
  'counted handoff.delivered',
  'counted handoff.failures',
  'counted handoff.rehomed',
  'counted store.flushes',
  'fault: wipe',
  'fault: lose',
];

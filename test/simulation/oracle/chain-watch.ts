/**
 * How configurations are chosen and get about, learned from the messages of the verb `chain` and
 * from disks.
 */
import type { Publication } from '../seams/sim-nats.js';
import type { ChainOracle, SeenBallot } from './chain-oracle.js';
import { configurationIn, readConfiguration } from './configuration-reader.js';
import { type Plain, readMessagePack } from './message-reader.js';

interface Asked {
  readonly kind: string;
  readonly instance: number;
  readonly ballot: SeenBallot;
  readonly document: Buffer | undefined;
}

const fetching: Asked = {
  kind: 'fetch',
  instance: 0,
  ballot: { round: 0, node: '' },
  document: undefined,
};

/** Nothing is chosen by them: what survivors agree to is seen once somebody goes by it. */
const unwatched = new Set(['enrolled', 'enrol', 'survey', 'recover']);

export class ChainWatch {
  /** Without an answer, oldest first, by who asked, who was asked, and id. */
  private readonly calls = new Map<string, Asked[]>();
  /** Somebody tries to have something chosen to follow a configuration, the first time it does. */
  readonly onProposed: ((instance: number, proposer: string) => void)[] = [];
  private lastProposed = 0;

  constructor(private readonly chain: ChainOracle) {}

  /** To be told of every publication. */
  hear({ subject, payload }: Publication): void {
    if (!subject.startsWith('_') || payload.length === 0) return;
    const [, node = '', verb] = subject.split('.');
    if (verb === 'chain') this.asked(node, readMessagePack(payload));
    else if (verb === 'answers' && this.calls.size > 0)
      this.answered(node, readMessagePack(payload));
  }

  /** Of the node whose disk it is; it acts by a configuration that is there. */
  committed(node: string, value: Buffer): void {
    const configuration = configurationIn(value);
    if (configuration !== undefined) this.chain.learned(node, configuration);
  }

  private asked(by: string, message: Plain): void {
    const [, from, id, body] = message as [number, string, number, Plain[]];
    const [kind] = body;
    if (unwatched.has(String(kind))) return;
    if (kind === 'fetch') return this.expect(from, by, id, fetching);
    if (kind === 'chosen') {
      this.chain.learned(from, readConfiguration(body[1] as Buffer));
      return;
    }
    const [, instance, round, node, document] = body as [string, number, number, string, Buffer?];
    if (kind === 'prepare' && instance > this.lastProposed) {
      this.lastProposed = instance;
      for (const listener of this.onProposed) listener(instance, node);
    }
    this.expect(from, by, id, { kind: String(kind), instance, ballot: { round, node }, document });
  }

  private expect(from: string, by: string, id: number, asked: Asked): void {
    const key = `${from} ${by} ${id}`;
    this.calls.set(key, [...(this.calls.get(key) ?? []), asked]);
  }

  private answered(to: string, message: Plain): void {
    const [, by, ...answers] = message as [number, string, ...Plain[]];
    for (const [id, code, body] of answers as [number, number, Plain][]) {
      const key = `${to} ${by} ${id}`;
      const waiting = this.calls.get(key);
      const asked = waiting?.shift();
      if (waiting?.length === 0) this.calls.delete(key);
      if (asked === undefined || code !== 0 || !Array.isArray(body)) continue;
      this.said(by, asked, body);
    }
  }

  private said(by: string, asked: Asked, [kind, ...parts]: readonly Plain[]): void {
    const { instance, ballot, document } = asked;
    if (asked.kind === 'fetch' && Buffer.isBuffer(kind))
      this.chain.learned(by, readConfiguration(kind));
    else if (kind === 'superseded') this.chain.learned(by, readConfiguration(parts[0] as Buffer));
    else if (kind === 'promised') this.chain.promised(by, instance, ballot);
    else if (kind === 'accepted' && document !== undefined)
      this.chain.accept(by, instance, ballot, readConfiguration(document));
  }
}

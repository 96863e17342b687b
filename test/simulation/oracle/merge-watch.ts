/** Which merges between nodes were acknowledged, learned from what they send each other. */
import type { Publication } from '../seams/sim-nats.js';
import { type Plain, readBatch, readMessagePack, type SeenRecord } from './message-reader.js';

export interface AskedMerge {
  readonly from: string;
  readonly by: string;
  /** 0 put · 1 repair · 2 hint · 3 exchange. */
  readonly reason: number;
  /** '' for nobody: `by` is a primary. */
  readonly owedTo: string;
  /** By which it was asked; null: it is welcome by any. */
  readonly configuration: number | null;
  readonly records: readonly SeenRecord[];
}

export type AckedMerge = AskedMerge;

export class MergeWatch {
  readonly onAsked: ((merge: AskedMerge) => void)[] = [];
  readonly onAcked: ((merge: AckedMerge) => void)[] = [];
  /**
   * Without an answer, oldest first, by caller, callee and id: a process that restarts may use an
   * id again.
   */
  private readonly calls = new Map<string, AckedMerge[]>();

  /** To be told of every publication. */
  hear({ subject, payload }: Publication): void {
    if (!subject.startsWith('_') || payload.length === 0) return;
    const [, node = '', verb] = subject.split('.');
    if (verb === 'merge') this.merge(node, readMessagePack(payload));
    else if (verb === 'answers') this.answers(node, readMessagePack(payload));
  }

  private merge(by: string, message: Plain): void {
    const [, from, id, body] = message as [number, string, number, Plain[]];
    const [reason, owedTo, , batch, configuration] = body as [
      number,
      string,
      number,
      Buffer,
      number | null,
    ];
    const asked = { from, by, reason, owedTo, configuration, records: readBatch(batch) };
    const key = `${from} ${by} ${id}`;
    const waiting = this.calls.get(key) ?? [];
    this.calls.set(key, [...waiting, asked]);
    for (const listener of this.onAsked) listener(asked);
  }

  private answers(to: string, message: Plain): void {
    const [, by, ...answers] = message as [number, string, ...Plain[]];
    for (const [id, code] of answers as [number, number][]) {
      const merge = this.calls.get(`${to} ${by} ${id}`)?.shift();
      if (merge === undefined || code !== 0) continue;
      for (const listener of this.onAcked) listener(merge);
    }
  }
}

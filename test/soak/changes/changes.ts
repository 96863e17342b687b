/**
 * Carries changes of the membership out, one after the other, as an operator would: asks, and asks
 * again while the cluster says why not, until nothing moves any more and the cluster is what was
 * wanted.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SoakCluster } from '../cluster.js';
import type { ChangeRecord } from '../records.js';
import { nowMs } from '../workload/worker.js';
import { isChange } from './draw-changes.js';
import type { Answer, Operator } from './operator.js';
import { holderNamed, type RingSeen } from './ring-seen.js';

export interface ChangesOptions {
  readonly cluster: SoakCluster;
  readonly operator: Pick<Operator, 'run' | 'plan'>;
  /** undefined: nobody answered. */
  readonly ring: () => Promise<RingSeen | undefined>;
  /** A node is away until what is returned is called. */
  readonly away: (node: string) => () => void;
  readonly say: (line: string) => void;
  /** Nothing more is begun, or waited for. */
  readonly signal: AbortSignal;
  /** From the end of one loss until the next. */
  readonly betweenLossesMs: number;
  readonly pollMs?: number;
}

/** A change that takes longer never ends, whatever else is wrong meanwhile. */
const changeMsMax = 300_000;

interface Change {
  readonly words: readonly string[];
  /** What it has begun is to be taken back. */
  isCancelled: boolean;
}

/** How far one is. */
interface Progress {
  readonly change: Change;
  readonly record: ChangeRecord;
  /** Of the configuration that began it, as far as it was told; and of that which took it back. */
  chosen?: number;
  cancelled?: number;
}

interface Lost {
  /** Undefined: it was no member. */
  readonly id: string | undefined;
  readonly isBack: () => void;
}

export class Changes {
  readonly records: ChangeRecord[] = [];
  private queue: Promise<void> = Promise.resolve();
  private newest: Change | undefined;
  private lastLossMs = -Infinity;
  /** Nodes that are lost, by name. */
  private readonly lost = new Map<string, Lost>();
  /** Whoever knows less is behind. */
  private epoch = 0;

  constructor(private readonly options: ChangesOptions) {}

  /** It is carried out after those before it. */
  ask(words: readonly string[]): void {
    if (!isChange({ words })) throw new SyntaxError(`no change: ${words.join(' ')}`);
    if (words[0] === 'cancel') {
      if (this.newest !== undefined) this.newest.isCancelled = true;
      return;
    }
    const change = { words, isCancelled: false };
    this.newest = change;
    this.queue = this.queue.then(() => this.carryOut(change));
    // Whoever waits for all of them is told.
    this.queue.catch(() => undefined);
  }

  /** All that were asked for are over, or never end. */
  over(): Promise<void> {
    return this.queue;
  }

  private async carryOut(change: Change): Promise<void> {
    if (this.options.signal.aborted) return;
    const [verb, node = ''] = change.words;
    if (verb === 'wipe') return this.lose(node, true);
    if (verb === 'remove') await this.lose(node, false);
    const record: ChangeRecord = {
      words: change.words,
      askedMs: nowMs(),
      outcome: 'unfinished',
      asked: 0,
    };
    this.records.push(record);
    this.prepare(change.words);
    const progress: Progress = { change, record };
    const endMs = nowMs() + changeMsMax;
    while (nowMs() < endMs && !this.options.signal.aborted) {
      const ring = await this.freshRing();
      if (ring !== undefined && (await this.isOver(progress, ring))) break;
      await sleep(this.options.pollMs ?? 1_000);
    }
    this.conclude(record);
  }

  private prepare([verb, node = '', by = '']: readonly string[]): void {
    const { cluster } = this.options;
    if (verb === 'join') cluster.come(node, 'auto');
    if (verb === 'replace') cluster.come(by, 'ask');
    if (verb === 'leave') cluster.mayLeave(node);
  }

  private async isOver(progress: Progress, ring: RingSeen): Promise<boolean> {
    const { change, record } = progress;
    const outcome = this.outcomeIn(ring, progress);
    if (ring.isMoving || outcome !== undefined) record.chosenMs ??= nowMs();
    if (outcome !== undefined) {
      record.outcome = outcome;
      return true;
    }
    if (ring.isMoving) {
      if (change.isCancelled && progress.cancelled === undefined) await this.cancel(progress);
    } else if (progress.chosen === undefined) await this.request(progress);
    return false;
  }

  /** Undefined: it is not over. */
  private outcomeIn(ring: RingSeen, progress: Progress): 'done' | 'cancelled' | undefined {
    const { chosen = 0, cancelled, change } = progress;
    if (ring.isMoving || ring.epoch < Math.max(chosen, cancelled ?? 0)) return undefined;
    const { cluster } = this.options;
    const [verb, node = '', by = ''] = change.words;
    const holder = holderNamed(ring, node);
    if (verb === 'join') {
      if (holder !== undefined) return 'done';
      return cancelled !== undefined && cluster.hasLeft(node) ? 'cancelled' : undefined;
    }
    if (verb === 'leave') {
      if (holder === undefined) return cluster.hasLeft(node) ? 'done' : undefined;
      return cancelled === undefined ? undefined : 'cancelled';
    }
    if (verb === 'weight') {
      if (progress.chosen === undefined) return undefined;
      return cancelled === undefined ? 'done' : 'cancelled';
    }
    const id = this.lost.get(node)?.id;
    if (id === undefined || ring.holders.some((other) => other.id === id)) return undefined;
    return verb === 'remove' || holderNamed(ring, by) !== undefined ? 'done' : undefined;
  }

  private async request(progress: Progress): Promise<void> {
    const { record, change } = progress;
    const asked = this.command(change.words);
    if (asked === undefined) return;
    record.asked++;
    const answer = await asked();
    const isSoAlready = answer.text.includes('nothing would change');
    if (answer.isDone || isSoAlready) progress.chosen = isSoAlready ? 0 : numberIn(answer);
    else this.note(record, answer);
    if (progress.chosen !== undefined) record.chosenMs ??= nowMs();
  }

  /** Undefined: it comes by itself. */
  private command(words: readonly string[]): (() => Promise<Answer>) | undefined {
    const { operator } = this.options;
    const [verb, node = '', more = ''] = words;
    if (verb === 'leave') return () => operator.run('leave', node, '--yes', '--json');
    if (verb === 'weight') return () => operator.plan('--weight', `${node}=${more}`);
    if (verb === 'remove') return () => operator.run('remove', node, '--yes', '--json');
    if (verb === 'replace') return () => operator.run('replace', node, more, '--yes', '--json');
    return undefined;
  }

  /** Whether it can still be taken back is for the cluster to say. */
  private async cancel(progress: Progress): Promise<void> {
    const { cluster, operator } = this.options;
    const { record } = progress;
    const [verb, node = ''] = record.words;
    if (verb === 'join') cluster.mayLeave(node);
    record.asked++;
    const answer = await operator.run('ring', 'cancel', '--json');
    if (answer.isDone) progress.cancelled = numberIn(answer);
    else this.note(record, answer);
  }

  private note(record: ChangeRecord, { text }: Answer): void {
    record.refusal = text;
    this.options.say(`  ${record.words.join(' ')}: ${text.split('\n').at(-1)}`);
  }

  private conclude(record: ChangeRecord): void {
    const { cluster, say } = this.options;
    const [verb, node = ''] = record.words;
    const { outcome, askedMs } = record;
    if (outcome !== 'unfinished') record.endedMs = nowMs();
    const isMember = verb === 'join' ? outcome === 'done' : outcome === 'cancelled';
    if (isMember) cluster.mustStay(node);
    if (verb === 'remove' || verb === 'replace') {
      this.lost.get(node)?.isBack();
      this.lost.delete(node);
      this.lastLossMs = nowMs();
    }
    say(`  ${record.words.join(' ')}: ${outcome} after ${Math.round(nowMs() - askedMs)} ms`);
  }

  /**
   * Not sooner after the last loss than everything was compared: what is acknowledged is on two
   * disks at first, and no store keeps what was on two lost ones.
   */
  private async lose(node: string, withDisk: boolean): Promise<void> {
    const { cluster, away, betweenLossesMs, signal, pollMs = 1_000 } = this.options;
    const restMs = Math.max(0, this.lastLossMs + betweenLossesMs - nowMs());
    await sleep(restMs, undefined, { signal }).catch(() => undefined);
    const endMs = nowMs() + changeMsMax;
    let holder = holderNamed((await this.freshRing()) ?? nobody, node);
    for (; holder === undefined && nowMs() < endMs && !signal.aborted; await sleep(pollMs))
      holder = holderNamed((await this.freshRing()) ?? nobody, node);
    this.lost.set(node, { id: holder?.id, isBack: away(node) });
    await cluster.lose(node, { withDisk });
  }

  /** Undefined: nobody answered, or one that is behind. */
  private async freshRing(): Promise<RingSeen | undefined> {
    const ring = await this.options.ring();
    if (ring === undefined || ring.epoch < this.epoch) return undefined;
    this.epoch = ring.epoch;
    return ring;
  }
}

const nobody: RingSeen = { epoch: 0, isMoving: false, holders: [] };

/** Where it tells none the next ring tells whether it is over. */
function numberIn({ text }: Answer): number {
  return Number(/"number":\s*(\d+)/.exec(text)?.[1] ?? 0);
}

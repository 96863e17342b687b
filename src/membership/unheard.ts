/**
 * Owners before a move that can be heard and do not hear: which do not say that they know all of it
 * has moved, or do not answer as sources. A move goes on without those who are down, once enough
 * others have answered; these would hold it up for ever, so after a while they are waited for no
 * longer than if they were down. How many have to answer stays the same.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import type { Configuration } from '../../actors/rules/configuration.js';
import { transferLimits } from '../../actors/rules/limits/transfer.js';
import type { Reachability } from '../../actors/rules/membership.js';
import type { Clock } from '../seams/clock.js';
import type { MemberView } from './member-view.js';
import type { Problems } from './problems.js';
import type { Reports } from './reports.js';
import type { Roster } from './roster.js';

export interface UnheardOptions {
  readonly clock: Clock;
  readonly view: Pick<MemberView, 'reachability' | 'removed'>;
  readonly reports: Pick<Reports, 'numberOf'>;
  readonly problems: Problems;
  readonly roster: Pick<Roster, 'get'>;
  /** Sources that gave nothing of what moves to this node, for that while. */
  readonly unanswering: () => readonly NodeId[];
}

export class Unheard {
  /** All has moved by that configuration, as this node has known since then. */
  private since: { readonly number: number; readonly ms: number } | undefined;
  /** What was reported, by what it is about. */
  private told: ReadonlySet<string> = new Set();

  constructor(private readonly options: UnheardOptions) {}

  get removed(): ReadonlySet<NodeId> {
    return this.options.view.removed;
  }

  /** With each beat. */
  review({ number, move, partitions, members }: Configuration): void {
    if (move === undefined || move.moved.length < partitions) this.since = undefined;
    else if (this.since?.number !== number)
      this.since = { number, ms: this.options.clock.monotonicMs() };
    const texts = new Map<string, string>();
    for (const { id } of members)
      if (this.isDeaf(id)) texts.set(`unheard ${id}`, unheardText(this.nameOf(id), number));
    for (const id of this.options.unanswering())
      texts.set(`unanswering ${id}`, unansweringText(this.nameOf(id)));
    this.tell(texts);
  }

  hasHeard(node: NodeId): boolean {
    const { since } = this;
    return since !== undefined && (this.options.reports.numberOf(node) ?? 0) >= since.number;
  }

  /** As far as it is waited for. */
  reachability(node: NodeId): Reachability {
    return this.isDeaf(node) ? 'down' : this.options.view.reachability(node);
  }

  private isDeaf(node: NodeId): boolean {
    const { clock, view } = this.options;
    if (this.since === undefined || this.hasHeard(node) || view.removed.has(node)) return false;
    const isOverdue = clock.monotonicMs() - this.since.ms >= transferLimits.unansweringMsMax;
    return isOverdue && view.reachability(node) !== 'down';
  }

  private nameOf(node: NodeId): string {
    return this.options.roster.get(node)?.name ?? node;
  }

  private tell(texts: ReadonlyMap<string, string>): void {
    const { problems } = this.options;
    for (const about of this.told) if (!texts.has(about)) problems.clear(about);
    for (const [about, text] of texts) problems.report(about, text);
    this.told = new Set(texts.keys());
  }
}

function remedy(name: string): string {
  return `mend its link, stop it, or, if it is gone for good, remove it: quorate remove ${name}`;
}

function unheardText(name: string, number: number): string {
  return `node ${name} can be heard but does not learn that all has moved (configuration ${number}): does what it is sent arrive? The move ends without it if enough other owners know, else it waits; ${remedy(name)}`;
}

function unansweringText(name: string): string {
  return `node ${name} can be heard but does not send what moves from it to this node: does what it is sent arrive? Partitions move without it where enough other owners have answered, the others wait; ${remedy(name)}`;
}

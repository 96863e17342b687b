/**
 * Which members are gone for good, as far as it is on this node's disk: it acts upon nothing else,
 * so that no restart takes it back.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import type { Outages } from './outages.js';
import type { KeptMembers } from './kept-members.js';
import { Removing, type RemovingOptions } from './removing.js';
import type { TimeOfDay } from './time-of-day.js';

export class Removals {
  /** For who is asked to remove one, or to agree to it. */
  readonly removing: Removing;
  private readonly onTheWay = new Set<NodeId>();
  private revision = -1;

  constructor(
    private readonly options: Omit<RemovingOptions, 'save'> & {
      readonly known: Set<NodeId>;
      readonly kept: KeptMembers;
      readonly timeOfDay: TimeOfDay;
      readonly outages: Outages;
    },
  ) {
    const save = (done: () => void): void => {
      // First what this node itself acts upon, then the answer.
      this.review();
      options.kept.save(done);
    };
    this.removing = new Removing({ ...options, save });
  }

  start(): void {
    const { peers, roster, known } = this.options;
    peers.fence(known);
    peers.onDismissed(() => {
      roster.remove(roster.self.id);
      this.review();
    });
  }

  restore(): void {
    for (const node of this.options.roster.removed()) this.act(node);
  }

  /** After whatever may have changed the roster. */
  review(): void {
    const { roster, life, known, kept } = this.options;
    if (roster.revision === this.revision) return;
    this.revision = roster.revision;
    const fresh = roster.removed().filter((node) => !known.has(node) && !this.onTheWay.has(node));
    if (fresh.length === 0) return;
    for (const node of fresh) this.onTheWay.add(node);
    if (fresh.includes(roster.self.id)) life.send({ type: 'self.removed' });
    kept.save(() => {
      for (const node of fresh) this.act(node);
    });
  }

  private act(node: NodeId): void {
    const { roster, watch, life, timeOfDay, outages, known } = this.options;
    this.onTheWay.delete(node);
    known.add(node);
    if (node === roster.self.id) return life.send({ type: 'removal.stored' });
    watch.remove(node);
    timeOfDay.drop(node);
    outages.note(node, 'down');
  }
}

/** What a node ends with; another start would end the same way. */
export function removedError(): Error {
  return new RangeError(
    'this node was removed from its cluster (quorate remove): the others hold it to be gone for good, and take nothing from it any more. What it alone held is not in the cluster. Put its data directory aside; with an empty one it is a new node',
  );
}

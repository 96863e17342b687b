/**
 * From whom this node takes what, by the configuration it knows. Before it knows one it takes
 * everything.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { type Configuration, membersOf } from '../../actors/rules/configuration.js';
import type { PeerFence } from '../bus/peers.js';

export class Fence implements PeerFence {
  /** The same set for ever. */
  readonly removed: ReadonlySet<NodeId>;
  private readonly gone = new Set<NodeId>();
  private members: ReadonlySet<NodeId> | undefined;

  constructor(private readonly self: NodeId) {
    this.removed = this.gone;
  }

  /**
   * `marked`: are removed though it does not say so. Returns who is removed from now on, and was
   * not before.
   */
  goBy(configuration: Configuration, marked: readonly NodeId[]): NodeId[] {
    const removed = [...configuration.removed, ...marked];
    const fresh = removed.filter((node) => !this.gone.has(node));
    this.members = new Set(membersOf(configuration));
    for (const node of this.gone) if (!removed.includes(node)) this.gone.delete(node);
    for (const node of removed) this.gone.add(node);
    return fresh;
  }

  isRemoved(node: NodeId): boolean {
    return this.gone.has(node);
  }

  isStranger(node: NodeId): boolean {
    return this.members !== undefined && node !== this.self && !this.members.has(node);
  }
}

/**
 * The replicas of a client: of one key always the same one, whichever handle of its bucket asks.
 * Those that nobody has asked for lately are dropped; one that comes back is a new writer.
 */
import { clientLimits } from '../../../actors/rules/limits/client.js';
import { Replica, type Mergeable, type Shelf } from './replica.js';

export class Replicas {
  /** By kind, bucket and key, the one asked for last at the end. */
  private readonly known = new Map<string, Replica<never>>();

  constructor(private readonly newWriter: () => string) {}

  of<S, Context>(
    kind: Mergeable<S>,
    place: { readonly bucket: string; readonly key: string },
    shelf: Shelf<Context>,
  ): Replica<S, Context> {
    const name = `${kind.name} ${place.bucket} ${place.key}`;
    const known = this.known.get(name) as Replica<S, Context> | undefined;
    const replica = known ?? new Replica(kind, this.newWriter(), shelf);
    this.known.delete(name);
    this.known.set(name, replica as unknown as Replica<never>);
    if (this.known.size > clientLimits.crdtReplicasMax) this.dropOne();
    return replica;
  }

  /** The one that was asked for longest ago, of those that do nothing. */
  private dropOne(): void {
    for (const [name, replica] of this.known) {
      if (!replica.isIdle) continue;
      this.known.delete(name);
      return;
    }
  }
}

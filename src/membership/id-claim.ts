/**
 * Finds a second process that runs with this node's id (a copied data directory, or a former process that comes back from
 * standing still): both subscribe to the same subjects, so a question to the own id reaches both.
 *
 * The one that starts gives way to the one that answers. Later, the one of the lower generation does.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import type { IncomingCall, Peers } from '../bus/peers.js';
import type { Clock } from '../seams/clock.js';
import { understood } from '../wire/protocol/bodies.js';
import { type Claim, claimBody, claimOf, twinBody } from '../wire/protocol/gossip.js';

export class IdClaim {
  /** Until nobody objected this process has nothing to say to others. */
  private held = false;

  constructor(
    private readonly options: {
      readonly peers: Peers;
      readonly clock: Clock;
      readonly own: () => Claim;
      readonly onTwin: (twin: Claim) => void;
    },
  ) {}

  /** The process that objected in time, if any. */
  async assert(): Promise<Claim | undefined> {
    const { clock } = this.options;
    let forget: (() => void) | undefined;
    const twin = await new Promise<Claim | undefined>((resolve) => {
      clock.setTimeout(() => resolve(undefined), limits.claimMsMax);
      forget = this.ask(resolve);
    });
    forget?.();
    this.held = twin === undefined;
    return twin;
  }

  check(): void {
    const forget = this.ask((twin) => {
      const own = this.options.own();
      const yields =
        own.generation === twin.generation
          ? own.instance < twin.instance
          : own.generation < twin.generation;
      if (yields) this.options.onTwin(twin);
    });
    this.options.clock.setTimeout(forget, limits.claimMsMax);
  }

  answer(call: IncomingCall<'gossip'>, asker: Claim): void {
    const own = this.options.own();
    // The own question comes back as well.
    if (this.held && asker.instance !== own.instance) call.ok(twinBody(own));
  }

  private ask(onAnswer: (twin: Claim) => void): () => void {
    const { peers, own } = this.options;
    const id = peers.call(peers.self, 'gossip', claimBody(own()), (answer) => {
      if (answer.kind !== 'ok') return;
      const twin = understood(() => claimOf(answer.body));
      if (twin !== undefined) onAnswer(twin);
    });
    return () => peers.forget(id);
  }
}

export function twinError(id: NodeId, { pid }: Claim): Error {
  return new Error(
    `another process (pid ${pid}) runs as node ${id}: is its data directory a copy of this one?`,
  );
}

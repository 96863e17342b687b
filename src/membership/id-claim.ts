/**
 * A question that finds a second process with this node's id (a copied data directory, or a former
 * process that comes back from standing still): both subscribe to the same subjects, so what is
 * asked of the own id reaches both. Who gives way is decided by `identity.machine.ts`.
 */
import type { Claim } from '../../actors/rules/identity.js';
import { limits } from '../../actors/rules/limits.js';
import type { IncomingCall, Peers } from '../bus/peers.js';
import type { Clock } from '../seams/clock.js';
import { understood } from '../wire/protocol/bodies.js';
import { claimBody, claimOf, twinBody } from '../wire/protocol/gossip.js';

export class IdClaim {
  constructor(
    private readonly options: {
      readonly peers: Peers;
      readonly clock: Clock;
      readonly own: () => Claim;
    },
  ) {}

  own(): Claim {
    return this.options.own();
  }

  ask(onTwin: (twin: Claim) => void): void {
    const { peers, clock } = this.options;
    const id = peers.call(peers.self, 'gossip', claimBody(this.own()), (answer) => {
      if (answer.kind !== 'ok') return;
      const twin = understood(() => claimOf(answer.body));
      if (twin !== undefined) onTwin(twin);
    });
    clock.setTimeout(() => peers.giveUp(id), limits.claimMsMax);
  }

  /** The own question comes back as well. */
  answer(call: IncomingCall<'gossip'>, asker: Claim): void {
    const own = this.own();
    if (asker.instance !== own.instance) call.ok(twinBody(own));
  }
}

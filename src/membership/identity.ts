/** Runs the chart of who this node is: what others have seen of it, who else has its id. */
import { type ActorRefFrom, createActor } from 'xstate';
import { identityMachine } from '../../actors/membership/identity.machine.js';
import type { NodeId } from '../../actors/rules/actor.js';
import type { Claim, SeenLife } from '../../actors/rules/identity.js';
import type { Clock } from '../seams/clock.js';
import type { Inspection } from '../seams/inspection.js';
import type { IdClaim } from './id-claim.js';
import type { Lineage } from './lineage.js';
import { Orders } from './orders.js';
import type { Roster } from './roster.js';

export interface IdentityOptions {
  readonly clock: Clock;
  readonly inspection: Inspection;
  readonly roster: Roster;
  readonly claim: IdClaim;
  readonly lineage: Lineage;
  /** What others have seen of this node was acted upon. */
  readonly onRecalled: () => void;
  /** Nobody objected either. */
  readonly onKnown: () => void;
  /** Another process has its id, or its epochs can't be skipped. */
  readonly end: (error: Error) => void;
}

export class Identity {
  private readonly actor: ActorRefFrom<typeof identityMachine>;

  constructor(private readonly options: IdentityOptions) {
    const { clock, inspection, roster, lineage, onRecalled, onKnown, end } = options;
    const orders = new Orders();
    const actions = {
      recallLives: orders.of(() => this.when(this.recall())),
      renounceEpochs: orders.of(({ seen }: { seen: SeenLife }) => {
        const { generation } = seen;
        roster.hear({ generation, heartbeat: Infinity }, { calledDown: false });
        this.when(lineage.renounce(seen).then(() => this.actor.send({ type: 'epochs.skipped' })));
      }),
      takeUp: orders.of(() => onRecalled()),
      recallLate: orders.of(({ by }: { by: NodeId }) => {
        this.when(lineage.recall([by]).then((seen) => lineage.renounce(seen)));
      }),
      claimId: orders.of(() => this.claimId()),
      becomeKnown: orders.of(() => onKnown()),
      giveWay: orders.of(({ twin }: { twin: Claim }) => end(twinError(roster.self.id, twin))),
    };
    this.actor = createActor(identityMachine.provide({ actions }), { clock });
    inspection.attach(this.actor);
    orders.follow(this.actor);
  }

  /** Begins to ask. */
  start(): void {
    this.actor.start();
  }

  stop(): void {
    this.actor.send({ type: 'node.stopping' });
  }

  /** Others may be told something. */
  get speaks(): boolean {
    return this.actor.getSnapshot().hasTag('speaks');
  }

  /** Nobody has objected to its id. */
  get isUnopposed(): boolean {
    return this.actor.getSnapshot().hasTag('unopposed');
  }

  claimId(): void {
    const { claim } = this.options;
    claim.ask((twin) => this.actor.send({ type: 'twin.answered', own: claim.own(), twin }));
  }

  /** Somebody tells of a life of this node that its disk does not know. */
  laterLifeTold(by: NodeId): void {
    this.actor.send({ type: 'laterLife.told', by });
  }

  private async recall(): Promise<void> {
    const { roster, lineage } = this.options;
    // As on disk: news that come meanwhile tell of a later life as well, and raise it.
    const own = roster.self.generation;
    const seen = await lineage.recall(roster.activeOthers().map(({ id }) => id));
    this.actor.send({ type: 'lives.recalled', seen, own });
  }

  private when(asked: Promise<void>): void {
    const { end } = this.options;
    asked.catch((error: unknown) => end(error instanceof Error ? error : new Error(String(error))));
  }
}

function twinError(id: NodeId, { pid }: Claim): Error {
  return new Error(
    `another process (pid ${pid}) runs as node ${id}: is its data directory a copy of this one?`,
  );
}

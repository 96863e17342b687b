/** The replica of a node without the node: a store under its chart. */
import { createActor, type ActorRefFrom } from 'xstate';
import {
  replicaChart,
  type replicaLifecycleMachine,
} from '../../actors/replica/lifecycle.machine.js';
import { ReplicaLife } from '../../src/node/replica-life.js';
import type { RecoveryReport, Store } from '../../src/store/store.js';

export class LoneReplica {
  /** False each time the disk was found full, true when it had room again. */
  readonly writable: boolean[] = [];
  private readonly actor: ActorRefFrom<typeof replicaLifecycleMachine>;
  private onRecovered: (report: RecoveryReport) => void = () => undefined;
  private onFailed: (error: Error) => void = () => undefined;

  constructor(store: Store) {
    const life = new ReplicaLife(store, {
      onRecovered: (report) => this.onRecovered(report),
      onDiskFull: () => this.writable.push(false),
      onRoom: () => undefined,
    });
    this.actor = createActor(
      replicaChart({
        recover: (tell) =>
          life.recover((event) => {
            tell(event);
            if (event.type === 'store.failed') this.onFailed(event.error);
          }),
        takeWrites: () => {
          if (this.writable.at(-1) === false) this.writable.push(true);
          life.takeWrites();
        },
        refuseWrites: (because) => life.refuseWrites(because),
        close: () => life.close(),
      }),
    );
  }

  /** Resolves when it serves, or only reads. */
  recover(): Promise<RecoveryReport> {
    return new Promise((resolve, reject) => {
      this.onRecovered = resolve;
      this.onFailed = reject;
      this.actor.start();
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.actor.subscribe({ complete: resolve });
      this.actor.send({ type: 'stop.requested' });
    });
  }
}

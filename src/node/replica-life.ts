/** Does to the store what the replica's chart decides, and tells the chart of the disk. */
import type {
  NoWrites,
  ReplicaEffects,
  ReplicaEvent,
} from '../../actors/replica/lifecycle.machine.js';
import type { RecoveryReport, Store } from '../store/store.js';

export interface ReplicaListener {
  /** Before the chart is told. */
  onRecovered(report: RecoveryReport): void;
  onDiskFull(): void;
  /** It was full, and there is room again. */
  onRoom(): void;
}

export class ReplicaLife implements ReplicaEffects {
  private tell!: (event: ReplicaEvent) => void;
  private isFull = false;

  constructor(
    private readonly store: Store,
    private readonly listener: ReplicaListener,
  ) {}

  recover(tell: (event: ReplicaEvent) => void): void {
    const { store, listener } = this;
    this.tell = tell;
    store.onFatal((error) => tell({ type: 'store.failed', error }));
    store.onRoom((part, room) => tell({ type: room ? 'disk.writable' : 'disk.full', part }));
    const recovered = (report: RecoveryReport): void => {
      listener.onRecovered(report);
      tell({ type: 'store.recovered' });
    };
    const failed = (error: unknown): void => tell({ type: 'store.failed', error: asError(error) });
    store.recover().then(recovered, failed);
  }

  takeWrites(): void {
    this.store.takeWrites();
    if (this.isFull) this.listener.onRoom();
    this.isFull = false;
  }

  refuseWrites(because: NoWrites): void {
    this.store.refuseWrites(because);
    if (because !== 'diskFull') return;
    this.isFull = true;
    this.listener.onDiskFull();
  }

  close(): void {
    this.store.close().then(
      () => this.tell({ type: 'store.closed' }),
      (error: unknown) => this.tell({ type: 'store.failed', error: asError(error) }),
    );
  }
}

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/**
 * Every put and delete that met its quorum is announced, once at least:
 * `kv.changed.<bucket>.<key>`.
 */
import type { Publication } from '../seams/sim-nats.js';
import type { History } from './history.js';
import type { Violations } from './violations.js';

const prefix = 'kv.changed.';

export class EventOracle {
  /** By name, puts and deletes apart. */
  private readonly announced = new Map<string, number>();

  hear({ subject, headers }: Publication): void {
    if (!subject.startsWith(prefix)) return;
    const name = subject.slice(prefix.length).replace('.', '/');
    const key = keyOf(name, headers?.['Kv-Deleted'] === 'true');
    this.announced.set(key, (this.announced.get(key) ?? 0) + 1);
  }

  checkEnd(history: History, violations: Violations): void {
    for (const name of history.names()) {
      for (const isDelete of [false, true]) {
        const done = history
          .of(name)
          .filter((write) => write.outcome === 'done' && write.isDelete === isDelete).length;
        const announced = this.announced.get(keyOf(name, isDelete)) ?? 0;
        if (announced < done)
          violations.add(
            'safety',
            'event-missing',
            `${name}: ${done} ${isDelete ? 'deletes' : 'puts'} were acknowledged, ${announced} announced`,
          );
      }
    }
  }
}

function keyOf(name: string, isDelete: boolean): string {
  return isDelete ? `${name} deleted` : name;
}

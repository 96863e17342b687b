/** What a whole node registers, put together on simulated seams. */
import 'reflect-metadata';
import type { NodeStatusSource } from '../../src/api/node-status.js';
import { nodeOptionsDefault } from '../../src/options/node-options.js';
import { containerOf, nodePartsOf } from '../../src/node/parts.js';
import { Scheduler, SimProcess } from '../simulation/core/scheduler.js';
import { SimRandom } from '../simulation/core/sim-random.js';
import { Trace } from '../simulation/core/trace.js';
import { SimBus } from '../simulation/seams/sim-bus.js';
import { SimClock } from '../simulation/seams/sim-clock.js';
import { diskFaultsNone, SimDisk } from '../simulation/seams/sim-disk.js';
import { SimLogDirectory } from '../simulation/seams/sim-log-directory.js';
import { SimNats } from '../simulation/seams/sim-nats.js';
import { SimTables } from '../simulation/seams/sim-tables.js';
import { Metrics, type InstrumentDescription } from '../../src/seams/metrics.js';

const nobodyAsks: NodeStatusSource = {
  status: () => {
    throw new Error('nobody asks');
  },
};

export function instrumentsOfNode(): InstrumentDescription[] {
  const scheduler = new Scheduler(() => undefined);
  const process = new SimProcess('n1');
  const trace = new Trace({ keep: false });
  const random = new SimRandom('metrics');
  const host = { scheduler, process, trace };
  const disk = new SimDisk(random.fork('disk'), { ...diskFaultsNone });
  const nats = new SimNats(scheduler, random.fork('nats'), trace, {
    noise: { latencyUs: 100, lossPpm: 0, duplicatePpm: 0, reorderPpm: 0 },
    mapping: undefined,
    payloadBytesMax: 1024 * 1024,
    pendingBytesMax: 64 * 1024 * 1024,
  });
  const scope = containerOf(
    {
      clock: new SimClock(scheduler, process, { driftPpm: 0, wallOffsetMs: 0 }),
      random,
      bus: new SimBus(nats, 'n1', process),
      logDirectory: new SimLogDirectory(disk, host),
      tables: new SimTables(disk, host),
    },
    { ...nodeOptionsDefault, name: 'n1', dataDir: '' },
  );
  nodePartsOf(scope, { address: { id: 'a'.repeat(16), prefix: 'kv' }, status: nobodyAsks });
  return scope.resolve(Metrics).describe();
}

import { expect, test } from '@jest/globals';
import { Scheduler, SimProcess } from '../core/scheduler.js';
import { SimRandom } from '../core/sim-random.js';
import { Trace } from '../core/trace.js';
import { WatchOracle } from '../oracle/watch-oracle.js';
import { SimBus } from '../seams/sim-bus.js';
import { SimNats } from '../seams/sim-nats.js';
import { Watcher } from './watcher.js';

test('a watcher goes on from its cursor now and then, until it is left in peace', async () => {
  const scheduler = new Scheduler((error) => {
    throw error;
  });
  const random = new SimRandom('watcher');
  const trace = new Trace({ keep: false });
  const nats = new SimNats(scheduler, random, trace, {
    noise: { latencyUs: 100, lossPpm: 0, duplicatePpm: 0, reorderPpm: 0 },
    mapping: undefined,
    payloadBytesMax: 1e6,
    pendingBytesMax: 1e6,
  });
  const busOf = (name: string, process: SimProcess): SimBus => new SimBus(nats, name, process);
  const node = busOf('n1', new SimProcess('n1'));
  let asked = 0;
  node.subscribe('kv.watch.siblings', ({ reply }) => {
    asked++;
    const beat = (number: number): void => {
      const word = number === 1 ? 'started' : 'heartbeat';
      const headers = { 'Kv-Watch': word, 'Kv-Seq': String(number), 'Kv-Ack': 'acks' };
      node.publish(reply, Buffer.alloc(0), { headers });
      scheduler.in(1e6, undefined, () => beat(number + 1));
    };
    beat(1);
  });
  const process = new SimProcess('w1');
  const around = { scheduler, process, bus: busOf('w1', process), random, trace };
  const options = { include: 'updates', resumeUs: 3e6, thinkUs: 0 } as const;
  const oracle = new WatchOracle();
  const watcher = new Watcher('w1', 'siblings', { ...around, oracle }, options);
  watcher.start();
  await scheduler.run({ endUs: 10e6 });
  expect(asked).toBe(4);
  watcher.leaveInPeace();
  await scheduler.run({ endUs: 30e6 });
  expect(asked).toBe(4);
  watcher.stop();
});

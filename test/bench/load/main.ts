/** A client process: does what the bench tells it over the channel, one thing at a time. */
import { closedLoop } from './closed-loop.js';
import type { Driver, Quorum } from './drivers/driver.js';
import { drivers } from './drivers/drivers.js';
import type { FromLoad, Job, Share, ToLoad } from './messages.js';
import { openLoop } from './open-loop.js';
import { Workload } from './workload.js';

/** Puts in flight while the keys are filled in. */
const fillInFlight = 128;

interface Client extends Share {
  readonly driver: Driver;
  readonly workload: Workload;
}

let open: Client | undefined;

function say(message: FromLoad): void {
  process.send!(message);
}

function client(): Client {
  if (open === undefined) throw new Error('nothing is open');
  return open;
}

async function handle(message: ToLoad): Promise<void> {
  switch (message.kind) {
    case 'open': {
      const { target, client, clients } = message;
      const driver = await drivers[target.driver](target.servers);
      open = { driver, client, clients, workload: new Workload(message) };
      break;
    }
    case 'fill':
      await fill(message);
      break;
    case 'run':
      await run(message.job);
      return;
    case 'close':
      await open?.driver.close();
  }
  say({ kind: 'done' });
}

async function run(job: Job): Promise<void> {
  const { driver, workload } = client();
  const { load, warmUpMs, measureMs, intervalMs } = job;
  const request = workload.requests(driver.operations(job.quorum), job);
  const onEdge = (edge: 'begin' | 'end'): void => say({ kind: 'edge', edge });
  const loop = { warmUpMs, measureMs, intervalMs, request, onEdge };
  const result = await (load.kind === 'closed'
    ? closedLoop({ ...loop, inFlight: load.inFlight })
    : openLoop({ ...loop, ratePerSecond: load.ratePerSecond, afterwards: load.afterwards }));
  say({ kind: 'measured', result });
}

async function fill(options: {
  readonly valueBytes: number;
  readonly quorum: Quorum;
}): Promise<void> {
  const { driver, workload, client: own, clients } = client();
  const keys = workload.keys(options.valueBytes).founding;
  const operations = driver.operations(options.quorum);
  let next = own;
  const worker = async (): Promise<void> => {
    for (let key = keys[next]; key !== undefined; key = keys[next]) {
      next += clients;
      await operations.put(key, workload.value(options.valueBytes));
    }
  };
  await Promise.all(Array.from({ length: fillInFlight }, worker));
}

async function obey(message: ToLoad): Promise<void> {
  try {
    await handle(message);
    if (message.kind === 'close') process.disconnect();
  } catch (error) {
    say({ kind: 'failed', message: String(error) });
  }
}

process.on('message', (message: ToLoad) => void obey(message));

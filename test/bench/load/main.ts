/** A client process: does what the bench tells it over the channel, one thing at a time. */
import { closedLoop } from './closed-loop.js';
import { drivers, type Driver } from './driver.js';
import type { FromLoad, ToLoad } from './messages.js';
import { Workload } from './workload.js';

/** Puts in flight while the keys are filled in. */
const fillInFlight = 128;

let driver: Driver | undefined;
let workload: Workload | undefined;

function say(message: FromLoad): void {
  process.send!(message);
}

async function handle(message: ToLoad): Promise<void> {
  if (message.kind === 'open') {
    driver = await drivers[message.target.driver](message.target);
    workload = new Workload(driver, message);
  } else if (message.kind === 'close') {
    await driver?.close();
  } else {
    if (workload === undefined || driver === undefined) throw new Error('nothing is open');
    if (message.kind === 'fill') return fill(driver, workload, message.valueBytes);
    const { cell, warmUpMs, measureMs } = message;
    const request = (): Promise<unknown> => workload!.next(cell);
    const onMeasuring = (): void => say({ kind: 'measuring' });
    const { inFlight } = cell;
    const result = await closedLoop({ inFlight, warmUpMs, measureMs, request, onMeasuring });
    return say({ kind: 'measured', result });
  }
  say({ kind: 'done' });
}

async function fill(driver: Driver, workload: Workload, valueBytes: number): Promise<void> {
  const keys = workload.keys(valueBytes);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < keys.length) {
      const key = keys[next++]!;
      await driver.put(key, workload.value(valueBytes));
    }
  };
  await Promise.all(Array.from({ length: fillInFlight }, worker));
  say({ kind: 'done' });
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

/** A process that moves one big value, so that its memory is that of a client and nothing else. */
import type { BigJob, FromBig } from './messages.js';
import { bigStores } from './stores.js';

/** Between two words of how far it is. */
const saidBytes = 8 * 1024 * 1024;

function say(message: FromBig): void {
  process.send!(message);
}

async function run({ system, servers, direction, key, file }: BigJob): Promise<FromBig> {
  const store = await bigStores[system](servers);
  let bytes = 0;
  let said = 0;
  const onBytes = (more: number): void => {
    bytes += more;
    if (bytes - said < saidBytes) return;
    said = bytes;
    say({ kind: 'progress', bytes });
  };
  const startedMs = performance.now();
  const digest =
    direction === 'put' ? await store.put(key, file, onBytes) : await store.get(key, onBytes);
  const elapsedMs = performance.now() - startedMs;
  await store.close();
  return { kind: 'done', elapsedMs, bytes, digest };
}

/** Of what failed a connection may be left, which would keep the process from ending. */
function end(message: FromBig): void {
  process.send!(message, () => process.exit());
}

process.once('message', (job: BigJob) => {
  run(job).then(end, (error: unknown) => end({ kind: 'failed', message: String(error) }));
});

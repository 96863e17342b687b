/** Closed loop: so many requests in flight, the next one starts when one has ended. */
import type { Edge, LoadResult } from './messages.js';
import { Recorder } from './recorder.js';
import { realTime, type Timekeeper } from './timekeeper.js';

export interface LoopOptions {
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly intervalMs?: number | undefined;
  readonly time?: Timekeeper;
  request(): Promise<unknown>;
  onEdge(edge: Edge): void;
}

/** More errors than that and the figures would mean nothing. */
const errorsMax = 1_000;

export async function closedLoop(
  loop: LoopOptions & { readonly inFlight: number },
): Promise<LoadResult> {
  const { time = realTime, intervalMs } = loop;
  const beginMs = time.now() + loop.warmUpMs;
  const endMs = beginMs + loop.measureMs;
  const recorder = new Recorder({ beginMs, endMs, intervalMs });
  const worker = async (): Promise<void> => {
    let startedMs = time.now();
    while (startedMs < endMs && recorder.failures < errorsMax) {
      try {
        await loop.request();
        const endedMs = time.now();
        recorder.succeeded(startedMs, endedMs);
        startedMs = endedMs;
      } catch (error) {
        startedMs = time.now();
        recorder.failed(error, startedMs);
      }
    }
  };
  time.at(beginMs, () => loop.onEdge('begin'));
  const ended = new Promise<void>((resolve) => {
    time.at(endMs, () => {
      loop.onEdge('end');
      resolve();
    });
  });
  await Promise.all(Array.from({ length: loop.inFlight }, worker));
  if (recorder.failures >= errorsMax)
    throw new Error(`${recorder.failures} errors, the last: ${String(recorder.lastError)}`);
  await ended;
  return recorder.result();
}

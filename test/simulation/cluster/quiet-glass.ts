/**
 * What a node notes of requests under the glass has virtual times, not those of its own clock. A
 * clock that runs fast or slow adds up what has passed since it was looked at, and looked at once
 * more it would round otherwise from there on: a run with traces would not be the one without.
 */
import type { QuorateNode } from '../../../src/node/compose-node.js';
import { TraceRecorder } from '../../../src/insight/trace-recorder.js';
import type { Clock } from '../../../src/seams/clock.js';

interface Joining {
  join(): void;
  readonly scope: { resolve(token: typeof TraceRecorder): TraceRecorder };
  readonly store: { readonly running: { readonly log: { readonly watch: Watch } } };
}

interface Watch {
  begin(clock: Pick<Clock, 'monotonicMs'>): void;
}

/** Before the process starts; both are there by the time it joins the cluster. */
export function timeQuietly(product: QuorateNode, nowUs: () => number): void {
  const node = product as unknown as Joining;
  const join = node.join.bind(node);
  node.join = () => {
    const recorder = node.scope.resolve(TraceRecorder) as unknown as { time: object };
    recorder.time = { nowUs };
    const { watch } = node.store.running.log;
    const begin = watch.begin.bind(watch);
    watch.begin = () => begin({ monotonicMs: () => nowUs() / 1000 });
    join();
  };
}

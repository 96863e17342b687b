/**
 * What goes in and out of this node: live counters per endpoint, and when everything taken has been
 * answered.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import { Clock } from '../seams/clock.js';
import { durationsMs, Metrics, type Counter, type Histogram } from '../seams/metrics.js';

export const endpointNames = [
  'put',
  'get',
  'del',
  'frame',
  'forward',
  'keys',
  'bucket',
  'touch',
  'multi',
] as const;
export type EndpointName = (typeof endpointNames)[number];

export class EndpointCounter {
  requests = 0;
  errors = 0;
  processingMsTotal = 0;
  lastError = '';
}

interface Failure {
  readonly code: number;
  readonly message: string;
}

@scoped(Lifecycle.ContainerScoped)
export class Traffic {
  readonly endpoints: Readonly<Record<EndpointName, EndpointCounter>> = {
    put: new EndpointCounter(),
    get: new EndpointCounter(),
    del: new EndpointCounter(),
    frame: new EndpointCounter(),
    forward: new EndpointCounter(),
    keys: new EndpointCounter(),
    bucket: new EndpointCounter(),
    touch: new EndpointCounter(),
    multi: new EndpointCounter(),
  };
  readonly repliesRefused: Counter;
  /** For `Taken`. */
  readonly answerMs: Histogram;
  private open = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    @inject(Clock) readonly clock: Clock,
    @inject(Metrics) metrics: Metrics,
  ) {
    this.repliesRefused = metrics.counter(
      'api.repliesRefused',
      'requests neither done nor answered, because their reply subject is no inbox',
    );
    this.answerMs = metrics.histogram(
      'api.answerMs',
      'from taking a request, or a frame of requests, to its answer',
      durationsMs,
    );
  }

  take(name: EndpointName): Taken {
    this.open++;
    return new Taken(this, this.endpoints[name]);
  }

  /** Resolves when everything taken has been answered. */
  idle(): Promise<void> {
    return this.open === 0
      ? Promise.resolve()
      : new Promise((resolve) => {
          this.waiting.push(resolve);
        });
  }

  /** For `Taken`. */
  closeOne(): void {
    this.open--;
    if (this.open === 0) for (const resolve of this.waiting.splice(0)) resolve();
  }
}

/** One message that waits for its answer. */
export class Taken {
  readonly atMs: number;

  constructor(
    private readonly traffic: Traffic,
    private readonly endpoint: EndpointCounter,
  ) {
    endpoint.requests++;
    this.atMs = traffic.clock.monotonicMs();
  }

  /** Once. A missing key is no failure. */
  answered(failure?: Failure): void {
    const tookMs = this.traffic.clock.monotonicMs() - this.atMs;
    this.endpoint.processingMsTotal += tookMs;
    this.traffic.answerMs.observe(tookMs);
    if (failure !== undefined && failure.code !== 404) {
      this.endpoint.errors++;
      this.endpoint.lastError = `${failure.code} ${failure.message}`;
    }
    this.traffic.closeOne();
  }
}

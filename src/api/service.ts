/**
 * The node as a NATS service: `nats micro list` finds it, `nats micro stats quorate` shows what it
 * does.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import { ClusterView } from '../membership/cluster-view.js';
import { NodeOptions } from '../options/node-options.js';
import { Bus, type ServiceEndpoint } from '../seams/bus.js';
import { Clock } from '../seams/clock.js';
import { nodeSubject, Subjects, workQueue } from '../wire/subjects.js';
import { endpointNames, Traffic, type EndpointName } from './traffic.js';
import { version } from './version.js';

@scoped(Lifecycle.ContainerScoped)
export class Service {
  constructor(
    @inject(Bus) private readonly bus: Bus,
    @inject(ClusterView) private readonly view: ClusterView,
    @inject(Clock) private readonly clock: Clock,
    @inject(NodeOptions) private readonly options: NodeOptions,
    @inject(Traffic) private readonly traffic: Traffic,
  ) {}

  register(): void {
    const { id, name, host, zone } = this.view.self;
    this.bus.registerService({
      name: 'quorate',
      id,
      version,
      description: 'An always-writable key-value store',
      startedAtMs: this.clock.wallMs(),
      metadata: { name, host, zone, prefix: this.options.prefix },
      endpoints: () => endpointNames.map((name) => this.endpoint(name)),
    });
  }

  private endpoint(name: EndpointName): ServiceEndpoint {
    const { requests, errors, processingMsTotal, lastError } = this.traffic.endpoints[name];
    const counters = { requests, errors, processingMsTotal, lastError };
    const { prefix } = this.options;
    const subjects = new Subjects(prefix);
    const { id } = this.view.self;
    if (name === 'frame') return { name, subject: subjects.frame(id), queue: '', ...counters };
    if (name === 'forward')
      return { name, subject: nodeSubject(prefix, id, name), queue: '', ...counters };
    if (name === 'bucket')
      return { name, subject: subjects.bucket('>'), queue: workQueue, ...counters };
    if (name === 'keys')
      return { name, subject: subjects.keys('*'), queue: workQueue, ...counters };
    if (name === 'multi')
      return { name, subject: subjects.multi('*'), queue: workQueue, ...counters };
    if (name === 'touch') return { name, subject: subjects.touch, queue: workQueue, ...counters };
    return { name, subject: subjects.requests(name), queue: workQueue, ...counters };
  }
}

/** Whole nodes, put together as a process puts them together, on simulated seams. */
import { expect } from '@jest/globals';
import type { NodeOptions } from '../../src/options/node-options.js';
import { nodeOptionsDefault } from '../../src/options/node-options.js';
import { composeNode, type QuorateNode } from '../../src/node/compose-node.js';
import type { BusMessage } from '../../src/seams/bus.js';
import type { JournalEvent } from '../../src/seams/journal.js';
import { Scheduler, SimProcess } from '../simulation/core/scheduler.js';
import { SimRandom } from '../simulation/core/sim-random.js';
import { Trace } from '../simulation/core/trace.js';
import { SimBus } from '../simulation/seams/sim-bus.js';
import { SimClock, type ClockFaults } from '../simulation/seams/sim-clock.js';
import { diskFaultsNone, SimDisk } from '../simulation/seams/sim-disk.js';
import { SimLogDirectory } from '../simulation/seams/sim-log-directory.js';
import { SimNats } from '../simulation/seams/sim-nats.js';
import { SimTables } from '../simulation/seams/sim-tables.js';

const partitions = 16;

/** Nodes are started by who tests, and asked as a plain client asks. */
export class NodeWorld {
  readonly errors: unknown[] = [];
  readonly scheduler = new Scheduler((error) => this.errors.push(error));
  readonly trace = new Trace({ keep: true });
  readonly disks = new Map<string, SimDisk>();
  readonly clocks = new Map<string, ClockFaults>();
  /** What each node has told its operator, in all its lives. */
  readonly journals = new Map<string, JournalEvent[]>();
  readonly nats: SimNats;
  private readonly random: SimRandom;
  private readonly client: SimBus;

  constructor(seed: string) {
    this.random = new SimRandom(seed);
    this.nats = new SimNats(this.scheduler, this.random.fork('nats'), this.trace, {
      noise: { latencyUs: 100, lossPpm: 0, duplicatePpm: 0, reorderPpm: 0 },
      mapping: { prefix: 'kv', partitions },
      payloadBytesMax: 1024 * 1024,
      pendingBytesMax: 64 * 1024 * 1024,
    });
    this.client = new SimBus(this.nats, 'client', new SimProcess('client'));
  }

  node(name: string, options: Partial<NodeOptions> = {}): QuorateNode {
    const { scheduler, trace } = this;
    const process = new SimProcess(name);
    const disk =
      this.disks.get(name) ?? new SimDisk(this.random.fork(`disk ${name}`), { ...diskFaultsNone });
    this.disks.set(name, disk);
    const host = { scheduler, process, trace };
    const clockFaults = { driftPpm: 0, wallOffsetMs: 0 };
    this.clocks.set(name, clockFaults);
    const told = this.journals.get(name) ?? [];
    this.journals.set(name, told);
    return composeNode(
      {
        journal: { tell: (event) => void told.push(event) },
        clock: new SimClock(scheduler, process, clockFaults),
        random: this.random.fork(name),
        bus: new SimBus(this.nats, name, process),
        logDirectory: new SimLogDirectory(disk, host),
        tables: new SimTables(disk, host),
      },
      { ...nodeOptionsDefault, partitions, name, host: name, ...options, dataDir: '' },
    );
  }

  async run(ms: number): Promise<void> {
    await this.scheduler.run({ endUs: this.scheduler.nowUs + ms * 1000 });
  }

  /** Runs until it settles, at most a minute. */
  async settled<T>(promise: Promise<T>): Promise<T> {
    let done = false;
    const watched = promise.finally(() => {
      done = true;
    });
    watched.catch(() => undefined);
    await this.scheduler.run({ endUs: this.scheduler.nowUs + 60e6, until: () => done });
    expect(done).toBe(true);
    return watched;
  }

  /** Three nodes that serve. */
  async cluster(): Promise<QuorateNode[]> {
    const nodes = ['n1', 'n2', 'n3'].map((name) => this.node(name));
    await this.settled(Promise.all(nodes.map((node) => node.start())));
    return nodes;
  }

  /** Without waiting for an answer. */
  publish(subject: string, payload: string, headers: Record<string, string> = {}): void {
    this.client.publish(subject, Buffer.from(payload), { reply: this.client.inbox(), headers });
  }

  /** A plain request; '!' and the code for an error. */
  async request(subject: string, payload = ''): Promise<string> {
    const answer = await this.ask(subject, { payload });
    return answer.startsWith('!') ? answer.split(' ', 1)[0]! : answer;
  }

  /** As who has the nodes' password asks one of them. */
  askNode({ id }: QuorateNode, word: string, payload: Uint8Array): Promise<Buffer> {
    const reply = this.client.inbox();
    const answer = new Promise<Buffer>((resolve) => {
      this.client.subscribe(reply, ({ data }) => resolve(Buffer.from(data)));
    });
    this.client.publish(`_kv.${id}.${word}`, payload, { reply });
    return this.settled(answer);
  }

  /** As `request`, with outcome and reason behind the code. */
  ask(
    subject: string,
    { payload = '', headers = {} }: { payload?: string; headers?: Record<string, string> },
  ): Promise<string> {
    const inbox = this.client.inbox();
    const answer = new Promise<string>((resolve) => {
      this.client.subscribe(inbox, (message: BusMessage) => {
        const code = message.noResponders ? '503' : message.header('Nats-Service-Error-Code');
        if (code === undefined) return resolve(Buffer.from(message.data).toString());
        const why = message.header('Nats-Service-Error');
        resolve(`!${code} ${message.header('Kv-Outcome')} ${why}`);
      });
    });
    this.client.publish(subject, Buffer.from(payload), { reply: inbox, headers });
    return this.settled(answer);
  }
}

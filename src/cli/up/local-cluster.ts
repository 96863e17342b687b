/**
 * What `quorate up` runs: nats-server (unless one was named) and the nodes, in this order; stopped
 * in the other order. Prints nothing itself but what happens to processes.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLimits } from '../../../actors/rules/limits/command.js';
import { natsConf } from '../../bus/nats-conf.js';
import type { MovedChart } from '../../dashboard/breaking.js';
import type { ChartInstance } from '../../dashboard/wire.js';
import { makePrivate } from '../../node/private-directory.js';
import type { Clock } from '../../seams/clock.js';
import { RealRandom } from '../../seams/real-random.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { findNatsServer } from '../nats-server-finder.js';
import { advisoryWarning } from '../nats-server-version.js';
import { nodePasswordIn } from '../node-password.js';
import { hostAndPort, portIsFree, readServerInfo } from '../server-info.js';
import type { Course } from './course.js';
import { numberOf } from './data-of-cluster.js';
import { natsRecipe } from './nats-process.js';
import { nodeRecipe } from './node-process.js';
import { SupervisedProcess, type ProcessRecipe } from './supervised-process.js';

export interface LocalClusterOptions {
  readonly course: Pick<Course, 'start' | 'come' | 'leaving'>;
  /** Of the nats-server that is started, when one is. */
  readonly port: number;
  readonly dataDir: string;
  readonly prefix: string;
  /** Use this nats-server; undefined: NATS_URL, else one of our own. */
  readonly servers: string | undefined;
  readonly restarts: boolean;
  /** To each node besides its name, host, directory and servers. */
  readonly nodeArgs: (name: string) => readonly string[];
  readonly clock: Clock;
  readonly say: (line: string) => void;
}

interface LocalNode {
  readonly process: SupervisedProcess;
  readonly serving: Promise<void>;
  /** It ended and is not started again. */
  readonly ended: Promise<void>;
}

export class LocalCluster {
  /** Told whenever the chart of a process moves; undefined: nobody looks. */
  onMoved: ((chart: MovedChart) => void) | undefined;
  private nats: SupervisedProcess | undefined;
  private readonly nodes = new Map<string, LocalNode>();
  private readonly expected = new Set<string>();
  private stopping: Promise<void> | undefined;
  private nodeSecret: Readonly<Record<string, string>> = {};

  constructor(private readonly options: LocalClusterOptions) {}

  /**
   * Resolves to the URL when nats-server and every node serve but those that have yet to be taken
   * in, or are leaving; rejects when one of them can't, or when stopped meanwhile.
   */
  async start(): Promise<string> {
    const servers = await this.startNats();
    const { start, come, leaving } = this.options.course;
    this.expectEnd(leaving);
    for (const name of start) this.startNode(name, servers);
    const settled = start.filter((name) => !come.includes(name) && !leaving.includes(name));
    await this.serving(settled);
    return servers;
  }

  /** Resolves when these serve; rejects when one of them can't. */
  async serving(names: readonly string[]): Promise<void> {
    await Promise.all(names.map(async (name) => this.nodes.get(name)?.serving));
  }

  /** These end by themselves, which is no mishap. */
  expectEnd(names: readonly string[]): void {
    for (const name of names) this.expected.add(name);
  }

  /** Those that were started here, by their names. */
  get processes(): ReadonlyMap<string, SupervisedProcess> {
    return new Map([...this.nodes].map(([name, { process }]) => [name, process]));
  }

  /** Of all processes, as they are now. */
  charts(): ChartInstance[] {
    const nodes = [...this.nodes.values()].map(({ process }) => process.chart);
    return this.nats === undefined ? nodes : [this.nats.chart, ...nodes];
  }

  /** Resolves when it has ended and is not started again. */
  async ended(name: string): Promise<void> {
    await this.nodes.get(name)?.ended;
  }

  private startNode(name: string, servers: string): void {
    const { dataDir, nodeArgs } = this.options;
    const args = ['--host', `host-${numberOf(name)}`, '--data-dir', join(dataDir, name)];
    const recipe = nodeRecipe(name, [...args, ...nodeArgs(name)], {
      NATS_URL: servers,
      ...this.nodeSecret,
    });
    const isExpected = (): boolean => this.expected.has(name);
    const { process, serving, ended } = this.run(recipe, isExpected);
    // Whoever waits for it looks; nobody need.
    serving.catch(() => undefined);
    this.nodes.set(name, { process, serving, ended });
  }

  /** Nodes first, so that they can say goodbye. Idempotent. */
  stop(): Promise<void> {
    this.stopping ??= this.stopInOrder();
    return this.stopping;
  }

  force(): void {
    for (const { process } of this.nodes.values()) process.force();
    this.nats?.force();
  }

  private async stopInOrder(): Promise<void> {
    const nodes = [...this.nodes.values()];
    for (const { process } of nodes) process.stop();
    await Promise.all(nodes.map(({ process }) => process.stopped));
    this.nats?.stop();
    await this.nats?.stopped;
  }

  private async startNats(): Promise<string> {
    const { servers, say, port, clock } = this.options;
    const server = await findNatsServer({ servers, say });
    if (server.kind === 'running') {
      await this.greet(server.servers);
      return server.servers;
    }
    if (!(await portIsFree(port))) {
      throw new CommandError(
        exitCodes.unavailable,
        [
          `port ${port} is in use. To use the nats-server that listens there: --servers nats://127.0.0.1:${port}`,
          `To start another one beside it: --port ${port + 1}`,
        ].join('\n'),
      );
    }
    const configFile = this.writeNatsConf();
    const nats = this.run(natsRecipe({ program: server.path, configFile, port, clock }));
    this.nats = nats.process;
    await nats.serving;
    return `nats://127.0.0.1:${port}`;
  }

  /** The nodes' password is one that nobody else knows, unless it was told. Returns the file. */
  private writeNatsConf(): string {
    const { dataDir, prefix } = this.options;
    const { QUORATE_NODE_USER: nodeUser, QUORATE_NODE_PASSWORD: told } = process.env;
    try {
      makePrivate(dataDir);
      const nodePassword = told || nodePasswordIn(dataDir, new RealRandom());
      this.nodeSecret = { QUORATE_NODE_PASSWORD: nodePassword };
      const file = join(dataDir, 'nats.conf');
      writeFileSync(file, natsConf({ prefix, nodePassword, ...(nodeUser && { nodeUser }) }), {
        mode: 0o600,
      });
      return file;
    } catch (error) {
      throw new CommandError(exitCodes.usage, (error as Error).message);
    }
  }

  /** A server that somebody else runs: it must be there, and should be safe. */
  private async greet(servers: string): Promise<void> {
    try {
      const { version } = await readServerInfo(servers, commandLimits.serverInfoMsMax);
      const warning = advisoryWarning(version);
      if (warning !== undefined) this.options.say(warning);
    } catch (error) {
      const { host, port } = hostAndPort(servers);
      const reason = (error as Error).message;
      throw new CommandError(
        exitCodes.unavailable,
        `no nats-server answers at nats://${host}:${port} (${reason}): start it, or have one started: without --servers, and with NATS_URL unset`,
      );
    }
  }

  /** `isEndExpected`: then it is not started again. Throws when stopped meanwhile. */
  private run(recipe: ProcessRecipe, isEndExpected: () => boolean = () => false): LocalNode {
    if (this.stopping !== undefined) throw new CommandError(exitCodes.done, 'stopped');
    const { clock, restarts, say } = this.options;
    const serving = new Deferred();
    const ended = new Deferred();
    const started = new SupervisedProcess({
      recipe,
      restarts,
      clock,
      say,
      isEndExpected,
      onServing: () => serving.resolve(),
      onGivenUp: () => {
        serving.reject(new CommandError(exitCodes.failed, `${recipe.name} does not start`));
        ended.resolve();
      },
      onMoved: (chart) => this.onMoved?.(chart),
    });
    started.start();
    return { process: started, serving: serving.promise, ended: ended.promise };
  }
}

class Deferred {
  readonly promise: Promise<void>;
  resolve: () => void = () => undefined;
  reject: (error: Error) => void = () => undefined;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

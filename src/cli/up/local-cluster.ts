/**
 * What `quorate up` runs: nats-server (unless one was named) and the nodes, in this order; stopped
 * in the other order. Prints nothing itself but what happens to processes.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLimits } from '../../../actors/rules/limits/command.js';
import { natsConf } from '../../bus/nats-conf.js';
import { makePrivate } from '../../node/private-directory.js';
import type { Clock } from '../../seams/clock.js';
import { RealRandom } from '../../seams/real-random.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { findNatsServer } from '../nats-server-finder.js';
import { advisoryWarning } from '../nats-server-version.js';
import { nodePasswordIn } from '../node-password.js';
import { hostAndPort, portIsFree, readServerInfo } from '../server-info.js';
import { checkDataOfCluster } from './data-of-cluster.js';
import { natsRecipe } from './nats-process.js';
import { nodeRecipe } from './node-process.js';
import { SupervisedProcess, type ProcessRecipe } from './supervised-process.js';

export interface LocalClusterOptions {
  readonly nodes: number;
  /** Names of nodes that are not there, and are not started. */
  readonly without: readonly string[];
  /** Of the nats-server that is started, when one is. */
  readonly port: number;
  readonly dataDir: string;
  readonly prefix: string;
  /** Use this nats-server; undefined: NATS_URL, else one of our own. */
  readonly servers: string | undefined;
  readonly restarts: boolean;
  /** To each node besides its name, host, directory and servers. */
  readonly nodeArgs: (index: number) => readonly string[];
  readonly clock: Clock;
  readonly say: (line: string) => void;
}

export class LocalCluster {
  private nats: SupervisedProcess | undefined;
  private readonly nodes: SupervisedProcess[] = [];
  private stopping: Promise<void> | undefined;
  private nodeSecret: Readonly<Record<string, string>> = {};

  constructor(private readonly options: LocalClusterOptions) {}

  /**
   * Resolves to the URL when nats-server and every node serve; rejects when one of them can't, or
   * when stopped meanwhile.
   */
  async start(): Promise<string> {
    await checkDataOfCluster(this.options);
    const servers = await this.startNats();
    const { nodes, without, dataDir, nodeArgs } = this.options;
    const serving: Promise<void>[] = [];
    for (let index = 0; index < nodes; index++) {
      const name = `n${index + 1}`;
      if (without.includes(name)) continue;
      const args = ['--host', `host-${index + 1}`, '--data-dir', join(dataDir, name)];
      const recipe = nodeRecipe(name, [...args, ...nodeArgs(index)], {
        NATS_URL: servers,
        ...this.nodeSecret,
      });
      serving.push(this.run(recipe, (started) => this.nodes.push(started)));
    }
    await Promise.all(serving);
    return servers;
  }

  /** Nodes first, so that they can say goodbye. Idempotent. */
  stop(): Promise<void> {
    this.stopping ??= this.stopInOrder();
    return this.stopping;
  }

  force(): void {
    for (const process of this.nodes) process.force();
    this.nats?.force();
  }

  private async stopInOrder(): Promise<void> {
    for (const node of this.nodes) node.stop();
    await Promise.all(this.nodes.map((node) => node.stopped));
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
    await this.run(
      natsRecipe({ program: server.path, configFile: this.writeNatsConf(), port, clock }),
      (started) => (this.nats = started),
    );
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
        `no nats-server answers at nats://${host}:${port} (${reason})`,
      );
    }
  }

  /** Resolves when it serves for the first time. */
  private run(recipe: ProcessRecipe, keep: (started: SupervisedProcess) => unknown): Promise<void> {
    const { clock, restarts, say } = this.options;
    return new Promise((resolve, reject) => {
      if (this.stopping !== undefined) return reject(new CommandError(exitCodes.done, 'stopped'));
      const onGivenUp = (): void =>
        reject(new CommandError(exitCodes.failed, `${recipe.name} does not start`));
      const started = new SupervisedProcess({
        recipe,
        restarts,
        clock,
        say,
        onServing: resolve,
        onGivenUp,
      });
      keep(started);
      started.start();
    });
  }
}

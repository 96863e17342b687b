/** Three real nodes that serve, on a nats-server of their own, with clients that are connected. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectNats, type NatsConnection } from 'nats';
import { natsConf, natsConfDefault } from '../../src/bus/nats-conf.js';
import { connect, type QuorateClient } from '../../src/index.js';
import { freePort, startNatsServer, type NatsServer } from './nats-server.js';
import { PlainClient } from './plain-client.js';
import { ProcessCluster } from './process-cluster.js';
import { RealNodes } from './real-nodes.js';

/** In turn, the last begun first. */
class Endings {
  private readonly all: (() => unknown)[] = [];

  /** `begun` ends by `end`. */
  keep<T>(begun: T, end: (begun: T) => unknown): T {
    this.all.push(() => end(begun));
    return begun;
  }

  readonly run = async (): Promise<void> => {
    for (const end of this.all.splice(0).toReversed()) await end();
  };
}

interface Served {
  readonly server: NatsServer;
  readonly client: QuorateClient;
  /** Everything; no process and no file is left. */
  end(): Promise<void>;
}

/** What was begun before something failed has nobody else to end it. */
async function endingAll<T>(begin: (endings: Endings) => Promise<T>): Promise<T> {
  const endings = new Endings();
  try {
    return await begin(endings);
  } catch (error) {
    await endings.run();
    throw error;
  }
}

const names = ['n1', 'n2', 'n3'];
const patient = { timeoutMs: 30_000 };
const stop = (server: NatsServer): Promise<void> => server.stop();
const close = (client: { close(): Promise<void> }): Promise<void> => client.close();
const end = (nodes: RealNodes): Promise<void> => nodes.end();

/** In this process, behind the accounts of `nats.conf`; the client is an application. */
export function nodesBehindAccounts(
  options: ConstructorParameters<typeof RealNodes>[1] = {},
): Promise<Served & { readonly nodes: RealNodes }> {
  return endingAll(async (endings) => {
    const port = await freePort();
    const server = endings.keep(await startNatsServer({ config: natsConf({ port }), port }), stop);
    const { nodeUser, nodePassword } = natsConfDefault;
    const url = `nats://${nodeUser}:${nodePassword}@127.0.0.1:${port}`;
    const nodes = endings.keep(new RealNodes(url, options), end);
    await nodes.startAll(names);
    const client = endings.keep(await connect({ servers: server.url, ...patient }), close);
    return { server, nodes, client, end: endings.run };
  });
}

/** In this process, on a server that has JetStream too, whose connection is beside the client's. */
export function nodesBesideJetStream(): Promise<
  Served & {
    readonly nodes: RealNodes;
    readonly nats: NatsConnection;
    /** Temporary: for JetStream's files, and what the test writes. */
    readonly directory: string;
  }
> {
  return endingAll(async (endings) => {
    const directory = endings.keep(mkdtempSync(join(tmpdir(), 'quorate-three-')), (path) =>
      rmSync(path, { recursive: true, force: true, maxRetries: 10 }),
    );
    const args = ['-js', '-sd', join(directory, 'jetstream')];
    const server = endings.keep(await startNatsServer({ args }), stop);
    const nats = endings.keep(await connectNats({ servers: server.url, timeout: 60_000 }), close);
    const nodes = endings.keep(new RealNodes(server.url), end);
    await nodes.startAll(names);
    const client = endings.keep(await connect({ servers: server.url, ...patient }), close);
    return { server, nats, nodes, client, directory, end: endings.run };
  });
}

/** Processes, which can be killed; both kinds of clients. */
export function nodesInProcesses(): Promise<
  Served & { readonly cluster: ProcessCluster; readonly plain: PlainClient }
> {
  return endingAll(async (endings) => {
    const server = endings.keep(await startNatsServer({ config: natsConf() }), stop);
    const cluster = endings.keep(
      await ProcessCluster.start({ nodes: names.length, serverUrl: server.url }),
      (started) => started.stop(),
    );
    const plain = endings.keep(await PlainClient.connect(server.url), close);
    const client = endings.keep(await connect({ servers: server.url }), close);
    return { server, cluster, plain, client, end: endings.run };
  });
}

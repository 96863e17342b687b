/** Runs a cluster on this machine until it is told to stop: what `quorate up` does. */
import { basename, delimiter, dirname } from 'node:path';
import { commandLimits } from '../../../actors/rules/limits/command.js';
import type { Clock } from '../../seams/clock.js';
import { RealClock } from '../../seams/real-clock.js';
import { shownServers } from '../../client/addresses.js';
import { type NodeConnection, nodeConnection, nodeVariables, withBus } from '../connection.js';
import { identityIn } from '../identity.js';
import { addressOfNode, type ListenAddress } from '../parsers.js';
import { printJson, printLine, say } from '../output.js';
import { LateDashboard, type DashboardWish } from '../late-dashboard.js';
import { listenForStop } from '../stop-signals.js';
import { type Course, courseOf } from './course.js';
import { numberOf, readDataOfCluster } from './data-of-cluster.js';
import { LocalBreaking } from './breaking.js';
import { LocalCluster } from './local-cluster.js';
import { probe } from './probe.js';
import { Resizing } from './resizing.js';
import { untilServes } from './serving.js';
import { welcome } from './welcome.js';
import type { WishedCluster } from './wished.js';

export interface RunOptions {
  readonly wished: WishedCluster;
  /** Nobody is asked whether it is to grow or shrink. */
  readonly yes: boolean;
  readonly json: boolean;
  readonly dataDir: string;
  /** As whom the probe speaks. */
  readonly application: Omit<NodeConnection, 'servers'>;
  readonly servers: string | undefined;
  readonly port: number;
  readonly prefix: string;
  readonly restarts: boolean;
  /** Of n1; undefined: no node serves any. */
  readonly metrics: ListenAddress | undefined;
  /** Undefined: none. */
  readonly dashboard: DashboardWish | undefined;
  /** What all nodes are told. Throws `CommandError`. */
  readonly nodeArgs: (course: Course) => readonly string[];
}

/** Throws `CommandError` or `DataDirectoryError`. */
export async function runLocalCluster(options: RunOptions): Promise<void> {
  const { dataDir, wished, yes } = options;
  const clock = new RealClock();
  const course = courseOf(await readDataOfCluster(dataDir), wished);
  const args = options.nodeArgs(course);
  const ending = new AbortController();
  const { signal } = ending;
  const resizing = new Resizing({ course, dataDir, yes, clock, say, signal });
  await resizing.confirmStart();
  const cluster = new LocalCluster({
    course,
    dataDir,
    port: options.port,
    prefix: options.prefix,
    servers: options.servers,
    restarts: options.restarts,
    nodeArgs: (name) => [...args, ...ownArgs(name, course, options.metrics)],
    clock,
    say,
  });
  const stop = stopping(clock, cluster);
  const dashboard = new LateDashboard(options.dashboard, say);
  const serve = async (): Promise<void> => {
    await resizing.dropPast();
    const servers = await cluster.start();
    const at = { ...options, servers, clock, signal };
    // Those that come may be what the cluster lacks; it has to serve before any leave.
    const isShrinking = course.shrink.length > 0;
    if (!isShrinking) await resize(resizing, cluster, at);
    const refused = await served(course, at);
    if (isShrinking) await resize(resizing, cluster, at);
    const address = await dashboard.open({
      connection: ofNodes(servers, dataDir),
      prefix: options.prefix,
      breaking: new LocalBreaking(cluster, say),
    });
    if (!stop.isRequested()) announce(options, course, { servers, dashboard: address });
    if (!stop.isRequested() && refused !== undefined)
      say(`gets are served, puts are refused for now: ${refused}`);
    await Promise.all([resizing.end(cluster), stop.requested]);
  };
  try {
    await Promise.race([serve(), stop.requested]);
  } finally {
    ending.abort();
    // Neither waits for the other: a dashboard that hangs keeps no node.
    await Promise.all([dashboard.close(), cluster.stop()]);
  }
}

interface Running {
  readonly servers: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** With why puts are refused, where gets alone are answered. */
function served(
  course: Course,
  at: Pick<RunOptions, 'application' | 'prefix'> & Running,
): Promise<string | undefined> {
  const { application, servers, prefix, clock, signal } = at;
  return withBus({ ...application, servers }, (bus) => {
    signal.addEventListener('abort', () => void bus.close());
    return untilServes({ course, probe: () => probe({ bus, clock, prefix, signal }), say, signal });
  });
}

async function resize(
  resizing: Resizing,
  cluster: LocalCluster,
  at: Pick<RunOptions, 'dataDir' | 'prefix'> & Running,
): Promise<void> {
  const { servers, dataDir, prefix, clock, signal } = at;
  const waitMs = commandLimits.answerMsMax;
  await resizing.begin((ask) =>
    withBus(ofNodes(servers, dataDir), (bus) => {
      // What waits for answers ends with it.
      signal.addEventListener('abort', () => void bus.close());
      return ask({ bus, clock, prefix, waitMs });
    }),
  );
  resizing.expectEnd(cluster);
  await resizing.takenIn(cluster);
}

/** As the nodes do: they are told by the surroundings as well. */
function ofNodes(servers: string, dataDir: string): NodeConnection {
  return nodeConnection({ servers, ...identityIn(process.env, nodeVariables) }, dataDir);
}

interface Stopping {
  readonly requested: Promise<void>;
  isRequested(): boolean;
}

function stopping(clock: Clock, cluster: LocalCluster): Stopping {
  let isRequested = false;
  const requested = new Promise<void>((resolve) => {
    listenForStop({
      clock,
      supervised: false,
      onStop: () => {
        isRequested = true;
        say('quorate: stopping');
        resolve();
      },
      onForce: () => cluster.force(),
    });
  });
  return { requested, isRequested: () => isRequested };
}

/** What one node is told besides. */
function ownArgs(name: string, { replaces }: Course, metrics: ListenAddress | undefined): string[] {
  return [
    ...(replaces.includes(name) ? ['--replaces', name] : []),
    ...(metrics === undefined ? [] : ['--metrics', addressOfNode(metrics, numberOf(name))]),
  ];
}

/** Of the nodes that stay. */
function announce(
  { json }: RunOptions,
  course: Course,
  { servers, dashboard }: { readonly servers: string; readonly dashboard: string | undefined },
): void {
  const nodes = course.start.length - course.shrink.length - course.leaving.length;
  if (json) return printJson({ event: 'ready', nodes, servers: shownServers(servers), dashboard });
  return printLine(welcome({ command: commandName(), nodes, servers, dashboard }));
}

/** What the user can type: under npm the PATH is npm's own. */
function commandName(): string {
  const { PATH = '', npm_execpath: npm } = process.env;
  const called = process.argv[1] ?? '';
  const onPath = basename(called) === 'quorate' && PATH.split(delimiter).includes(dirname(called));
  return onPath && npm === undefined ? 'quorate' : 'npx quorate';
}

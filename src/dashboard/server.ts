/**
 * The dashboard: a page and what it asks for, over HTTP, for one cluster. It runs beside nodes, in
 * no node; what goes wrong in it is its own.
 */
import { createServer, type Server } from 'node:http';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { dashboardLimits } from '../../actors/rules/limits/dashboard.js';
import { QuorateClient } from '../client/client.js';
import { MalformedError, QuorateError } from '../errors.js';
import type { Bus } from '../seams/bus.js';
import type { Clock } from '../seams/clock.js';
import type { Random } from '../seams/random.js';
import { breakApi } from './api/break.js';
import { chartsApi } from './api/charts.js';
import { filesApi } from './api/files.js';
import { keysApi } from './api/keys.js';
import { MalformedInput, type ApiParts, type LiveParts } from './api/parts.js';
import { noClusterApi } from './api/no-cluster.js';
import { requestsApi } from './api/requests.js';
import { streamApi } from './api/stream.js';
import { tracesApi } from './api/traces.js';
import type { Breaking } from './breaking.js';
import { findCharts } from './charts.js';
import { ClusterFeed } from './cluster-feed.js';
import { guard, isLetIn, isLoopback, type GuardOptions } from './guard.js';
import { inTurn } from './in-turn.js';
import { NodeQuestions } from './node-questions.js';
import { OwnTraces } from './own-traces.js';
import { pageFiles } from './page-files.js';
import { boundedBodies } from './posted.js';
import { StatelyFeed } from './stately-feed.js';
import { Streams } from './streams.js';
import type { ChartDefinition } from './wire.js';

export interface DashboardOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Undefined: it shows a file alone. */
  readonly cluster?: ShownCluster | undefined;
  readonly host: string;
  readonly port: number;
  /** The port was only a proposal: where it is taken, one of the next. */
  readonly mayMove: boolean;
  /** For whoever comes from elsewhere; one is drawn where it listens elsewhere. */
  readonly token?: string | undefined;
  readonly replayFile?: string | undefined;
}

export interface ShownCluster {
  readonly bus: Bus;
  readonly prefix: string;
  /** Addresses of NATS as they may be shown. */
  readonly servers: string;
  /** Where this process started its nodes. */
  readonly breaking?: Breaking | undefined;
}

export interface Dashboard {
  /** To open in a browser; with the token, where one is needed. */
  readonly address: string;
  close(): Promise<void>;
}

/** Throws when it can't listen there. The bus stays the caller's. */
export async function serveDashboard(options: DashboardOptions): Promise<Dashboard> {
  const { clock, random, host, cluster, replayFile } = options;
  const pageToken = drawn(random);
  const token = isLoopback(host) ? options.token : (options.token ?? drawn(random));
  const live = cluster === undefined ? undefined : liveOf(cluster, options);
  const streams = new Streams(live?.feed, clock);
  const greeting = {
    process: drawn(random),
    canBreak: live?.breaking !== undefined,
    hasReplay: replayFile !== undefined,
    hasCluster: cluster !== undefined,
  };
  const charts = onceFound();
  const guarded = { host, pageToken, token };
  const server = serverOf(appOf({ clock, live, streams, greeting, replayFile, charts }, guarded));
  const stately = new StatelyFeed({
    feed: live?.feed,
    clock,
    charts,
    isLetIn: (request) => isLetIn(request, guarded),
  });
  stately.serve(server);
  const port = await listening(server, options);
  const shown = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  const entrance = token === undefined ? '' : `/?token=${token}`;
  return {
    address: `http://${shown}:${port}${entrance}`,
    close: async () => {
      live?.feed.stop();
      streams.close();
      stately.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function liveOf(
  { bus, prefix, servers, breaking }: ShownCluster,
  { clock, random }: DashboardOptions,
): LiveParts {
  const questions = new NodeQuestions({ bus, clock, prefix });
  const feed = new ClusterFeed({ bus, clock, questions, servers, breaking });
  const client = new QuorateClient({ bus, clock, random }, { prefix });
  return { feed, client, clock, breaking, ownTraces: new OwnTraces() };
}

/** When they are first asked for. */
function onceFound(): () => Promise<readonly ChartDefinition[]> {
  let found: Promise<readonly ChartDefinition[]> | undefined;
  return () => (found ??= findCharts());
}

type App = Hono<{ Bindings: HttpBindings }>;

function appOf(parts: ApiParts, guarded: GuardOptions): App {
  const app: App = new Hono();
  app.use(inTurn());
  app.use(guard(guarded));
  app.use(boundedBodies());
  app.route('/', pageFiles(guarded.pageToken));
  app.route('/api', streamApi(parts));
  app.route('/api', filesApi(parts));
  app.route('/api', chartsApi(parts));
  const { live } = parts;
  if (live === undefined) app.route('/api', noClusterApi());
  else for (const api of [tracesApi, keysApi, requestsApi, breakApi]) app.route('/api', api(live));
  app.onError((error, context) => {
    if (error instanceof MalformedInput || error instanceof MalformedError)
      return context.text(error.message, 400);
    if (error instanceof QuorateError) return context.text(error.message, 503);
    return context.text(`The dashboard failed: ${error.message}`, 500);
  });
  return app;
}

function serverOf(app: App): Server {
  const { headerBytesMax, requestMsMax, requestLookMs, connectionsMax, stillMsMax } =
    dashboardLimits;
  const server = createServer(
    {
      maxHeaderSize: headerBytesMax,
      requestTimeout: requestMsMax,
      headersTimeout: requestMsMax,
      connectionsCheckingInterval: requestLookMs,
    },
    // What was not read of a request is thrown away as it comes: `posted.ts`.
    getRequestListener(app.fetch, { autoCleanupIncoming: false }),
  );
  server.maxConnections = connectionsMax;
  // Who does not read what it asked for is sent away; streams have a heartbeat.
  server.timeout = stillMsMax;
  // What is no HTTP, or too much of it, and what breaks off.
  server.on('clientError', (_, socket) => socket.destroy());
  server.on('connection', (socket) => socket.on('error', () => socket.destroy()));
  return server;
}

/** The port it has come to. */
async function listening(
  server: Server,
  { host, port, mayMove }: Pick<DashboardOptions, 'host' | 'port' | 'mayMove'>,
): Promise<number> {
  const last = mayMove ? port + dashboardLimits.portsTriedMax : port;
  for (let tried = port; ; tried++) {
    try {
      await listen(server, host, tried);
      // From here on it has no errors that anybody could mend.
      server.on('error', () => undefined);
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : tried;
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (!isTaken || tried >= last) throw error;
    }
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host.replace(/^\[(.*)\]$/, '$1'), () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function drawn(random: Random): string {
  return random.bytes(dashboardLimits.tokenBytes).toString('base64url');
}

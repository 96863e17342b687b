/**
 * The port at which a node is watched: `/metrics`, `/health`, `/ready`, and nothing else. It only
 * reads; whoever asks, how often and how oddly, costs a bounded share of the node.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { telemetryLimits } from '../../../actors/rules/limits/telemetry.js';
import type { RunningNode } from '../../node/start-node.js';
import type { Clock } from '../../seams/clock.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import type { ListenAddress } from '../parsers.js';
import { metricsContentType, metricsText } from './metrics-text.js';
import { readinessOf } from './readiness.js';
import { familiesOf, type ProcessVitals } from './readings.js';

export interface WatchedPort {
  readonly port: number;
  /** From when there is one; before it the port says that it starts. */
  show(node: RunningNode): void;
  close(): void;
}

interface Answer {
  readonly code: number;
  readonly type: string;
  readonly text: string;
}

/** Throws `CommandError` when it can't listen there. Port 0: a free one. */
export async function openWatchedPort(at: ListenAddress, clock: Clock): Promise<WatchedPort> {
  const answers = new Answers(clock);
  const server = serverOf((request, response) => {
    answers.to(request).then(
      (answer) => reply(request, response, answer),
      (error: unknown) => reply(request, response, plain(500, String(error))),
    );
  });
  const port = await listening(server, at);
  // What holds the process is the node.
  server.unref();
  return {
    port,
    show: (node) => {
      answers.node = node;
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

class Answers {
  node: RunningNode | undefined;
  private kept: { readonly atMs: number; readonly text: Promise<string> } | undefined;
  private readonly startedAtMs: number;
  private readonly startedMs: number;

  constructor(private readonly clock: Clock) {
    this.startedAtMs = clock.wallMs();
    this.startedMs = clock.monotonicMs();
  }

  async to({ method, url = '/' }: IncomingMessage): Promise<Answer> {
    if (method !== 'GET' && method !== 'HEAD') return plain(405, 'only GET\n');
    switch (url.split('?', 1)[0]) {
      case '/metrics':
        return { code: 200, type: metricsContentType, text: await this.metrics() };
      case '/health':
        // The loop has come to this request: that is what is asked.
        return json(200, { healthy: true, uptimeSeconds: Math.floor(this.uptimeMs() / 1_000) });
      case '/ready': {
        const readiness = readinessOf(this.node);
        return json(readiness.ready ? 200 : 503, readiness);
      }
      default:
        return plain(404, 'there are /metrics, /health and /ready\n');
    }
  }

  private metrics(): Promise<string> {
    const nowMs = this.clock.monotonicMs();
    const { kept } = this;
    if (kept !== undefined && nowMs - kept.atMs < telemetryLimits.textKeptMs) return kept.text;
    const text = this.made();
    this.kept = { atMs: nowMs, text };
    return text;
  }

  private made(): Promise<string> {
    const { node } = this;
    const readings = node && { status: node.status(), instruments: node.instruments() };
    return metricsText(familiesOf(readings, readinessOf(node).ready, this.vitals()));
  }

  private vitals(): ProcessVitals {
    const { user, system } = process.cpuUsage();
    return {
      cpuSeconds: (user + system) / 1e6,
      residentBytes: process.memoryUsage.rss(),
      startedAtSeconds: this.startedAtMs / 1_000,
    };
  }

  private uptimeMs(): number {
    return this.clock.monotonicMs() - this.startedMs;
  }
}

function plain(code: number, text: string): Answer {
  return { code, type: 'text/plain; charset=utf-8', text };
}

function json(code: number, value: unknown): Answer {
  return { code, type: 'application/json', text: `${JSON.stringify(value)}\n` };
}

/** With the answer the connection ends, and with it whatever else was sent on it. */
function reply(
  request: IncomingMessage,
  response: ServerResponse,
  { code, type, text }: Answer,
): void {
  response.writeHead(code, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...(code === 405 && { Allow: 'GET, HEAD' }),
    Connection: 'close',
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}

function serverOf(answer: (request: IncomingMessage, response: ServerResponse) => void): Server {
  const { headerBytesMax, requestMsMax, requestLookMs, connectionsMax, stillMsMax } =
    telemetryLimits;
  const server = createServer(
    {
      maxHeaderSize: headerBytesMax,
      requestTimeout: requestMsMax,
      headersTimeout: requestMsMax,
      connectionsCheckingInterval: requestLookMs,
    },
    answer,
  );
  server.maxConnections = connectionsMax;
  server.timeout = stillMsMax;
  // What is no HTTP, or too much of it, and what breaks off.
  server.on('clientError', (_, socket) => socket.destroy());
  server.on('connection', (socket) => socket.on('error', () => socket.destroy()));
  return server;
}

function listening(server: Server, { host, port }: ListenAddress): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new CommandError(
          exitCodes.failed,
          `--metrics can't listen at ${host}:${port}: ${error.message}`,
        ),
      ),
    );
    server.listen(port, host, () => {
      // From here on it has no errors that anybody could mend.
      server.removeAllListeners('error').on('error', () => undefined);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/**
 * Shows a node's statecharts to Stately's tools: events in `@statelyai/inspect`'s form over a
 * WebSocket, and a page that hands them to the inspector. On loopback only, and for its own page
 * only: a page from elsewhere in the same browser is not let in. Switched at start (`inspectPort`)
 * or at any time by a message to the node:
 *
 *   nats req _kv.<node>.inspect on        (or `on 7790`, `off`)
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createInspector } from '@statelyai/inspect';
import { inject, injectable } from 'tsyringe';
import type { Subscription } from 'xstate';
import { inspectionLimits } from '../../actors/rules/limits/inspection.js';
import { NodeAddress } from '../bus/peers.js';
import { inspectPortDefault, NodeOptions } from '../options/node-options.js';
import { Bus, type BusMessage, type BusSubscription } from '../seams/bus.js';
import { Inspection } from '../seams/inspection.js';
import { isInbox, nodeSubject } from '../wire/subjects.js';
import { InspectionWatchers } from './inspection-watchers.js';

const host = '127.0.0.1';
const inspector = 'https://stately.ai';

@injectable()
export class InspectionServer {
  private server: Server | undefined;
  private watchers: InspectionWatchers | undefined;
  private watching: Subscription | undefined;
  private subscription: BusSubscription | undefined;

  constructor(
    @inject(Inspection) private readonly inspection: Inspection,
    @inject(Bus) private readonly bus: Bus,
    @inject(NodeAddress) private readonly address: NodeAddress,
    @inject(NodeOptions) private readonly options: NodeOptions,
  ) {}

  /**
   * Listens to the switch, and serves if the options say so. A port that is taken is an error then.
   */
  async start(): Promise<void> {
    const subject = nodeSubject(this.address.prefix, this.address.id, 'inspect');
    this.subscription = this.bus.subscribe(subject, (message) => void this.switched(message));
    if (this.options.inspectPort !== undefined) await this.open(this.options.inspectPort);
  }

  stop(): void {
    this.subscription?.unsubscribe();
    this.close();
  }

  private async switched(message: BusMessage): Promise<void> {
    const { reply } = message;
    const [word, port] = Buffer.from(message.data).toString('latin1').trim().split(/\s+/);
    const said = await this.obey(word ?? '', Number(port ?? inspectPortDefault));
    if (isInbox(reply)) this.bus.publish(reply, Buffer.from(said));
  }

  private async obey(word: string, port: number): Promise<string> {
    if (word === 'off') {
      this.close();
      return 'off';
    }
    if (word !== 'on' || !(port >= 1 && port <= 65_535)) return 'on [port] or off';
    try {
      await this.open(port);
      return `http://${host}:${port}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  private async open(port: number): Promise<void> {
    if (this.server !== undefined) return;
    const server = createServer((request, response) => {
      const welcome = isWelcome(request, port);
      response.writeHead(welcome ? 200 : 403, headersOfPage);
      response.end(welcome ? page(port) : 'not from here');
    });
    server.maxConnections = inspectionLimits.connectionsMax;
    // What is no HTTP, or too much of it.
    server.on('clientError', (_, socket) => socket.destroy());
    this.server = server;
    try {
      await listening(server, port);
    } catch (error) {
      this.server = undefined;
      throw error;
    }
    server.on('error', () => this.close());
    const watchers = new InspectionWatchers(server, (request) => isWelcome(request, port));
    this.watchers = watchers;
    const charts = createInspector({
      send: (event) => watchers.tell(JSON.stringify(event)),
    });
    const { next } = charts.inspect;
    try {
      this.watching = this.inspection.watch({
        next: (event) => next?.(event),
        error: () => this.close(),
      });
    } catch (error) {
      this.close();
      throw error;
    }
  }

  private close(): void {
    this.watching?.unsubscribe();
    this.watching = undefined;
    this.watchers?.close();
    this.server?.close();
    this.server?.closeAllConnections();
    this.watchers = undefined;
    this.server = undefined;
  }
}

const headersOfPage = {
  'Content-Type': 'text/html',
  'Content-Security-Policy': "frame-ancestors 'none'",
};

/**
 * A page from elsewhere can have a browser ask here: it names itself as the origin. A name of its
 * own that leads here (DNS rebinding) stands in `Host`. What is no browser has no origin.
 */
function isWelcome({ headers }: IncomingMessage, port: number): boolean {
  const names = [`${host}:${port}`, `localhost:${port}`];
  if (!names.includes(headers.host ?? '')) return false;
  return headers.origin === undefined || names.some((name) => headers.origin === `http://${name}`);
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Stately's inspector in a frame, fed from the socket once it says it is there. */
function page(port: number): string {
  return `<!doctype html>
<title>quorate: statecharts</title>
<style>html, body, iframe { margin: 0; border: 0; width: 100%; height: 100%; }</style>
<iframe src="${inspector}/inspect"></iframe>
<script>
  const frame = document.querySelector('iframe').contentWindow;
  const waiting = [];
  let connected = false;
  addEventListener('message', ({ data, origin }) => {
    if (origin !== '${inspector}' || data?.type !== '@statelyai.connected') return;
    connected = true;
    for (const event of waiting.splice(0)) frame.postMessage(event, '${inspector}');
  });
  new WebSocket('ws://${host}:${port}').onmessage = ({ data }) => {
    const event = JSON.parse(data);
    if (connected) frame.postMessage(event, '${inspector}');
    else waiting.push(event);
  };
</script>
`;
}

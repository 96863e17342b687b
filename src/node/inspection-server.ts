/**
 * Shows a node's statecharts to Stately's tools: events in `@statelyai/inspect`'s form over a WebSocket, and a page that hands them to the
 * inspector. On loopback only. Switched at start (`inspectPort`) or at any time by a message to the node:
 *
 *   nats req _kv.<node>.inspect on        (or `on 7790`, `off`)
 */
import { createServer, type Server } from 'node:http';
import { createInspector } from '@statelyai/inspect';
import { inject, injectable } from 'tsyringe';
import { WebSocketServer } from 'ws';
import { NodeAddress } from '../bus/peers.js';
import { inspectPortDefault, NodeOptions } from './node-options.js';
import { Bus, type BusMessage, type BusSubscription } from '../seams/bus.js';
import { Inspection } from '../seams/inspection.js';
import { isInbox } from '../wire/subjects.js';
import { plainInspection } from './inspection-view.js';

const host = '127.0.0.1';
/** Told to whoever connects later: a chart that has come to rest would stay invisible. */
const replayedMax = 500;

@injectable()
export class InspectionServer {
  private server: Server | undefined;
  private sockets: WebSocketServer | undefined;
  private subscription: BusSubscription | undefined;

  constructor(
    @inject(Inspection) private readonly inspection: Inspection,
    @inject(Bus) private readonly bus: Bus,
    @inject(NodeAddress) private readonly address: NodeAddress,
    @inject(NodeOptions) private readonly options: NodeOptions,
  ) {}

  /** Listens to the switch, and serves if the options say so. A port that is taken is an error then. */
  async start(): Promise<void> {
    const subject = `_${this.address.prefix}.${this.address.id}.inspect`;
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
    const server = createServer((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' });
      response.end(page(port));
    });
    this.server = server;
    try {
      await listening(server, port);
    } catch (error) {
      this.server = undefined;
      throw error;
    }
    this.sockets = new WebSocketServer({ server });
    this.relay(this.sockets);
  }

  private relay(sockets: WebSocketServer): void {
    const replayed: string[] = [];
    sockets.on('connection', (socket) => {
      for (const text of replayed) socket.send(text);
    });
    const inspector = createInspector({
      send: (event) => {
        const text = JSON.stringify(event);
        replayed.push(text);
        if (replayed.length > replayedMax) replayed.shift();
        for (const socket of sockets.clients) socket.send(text);
      },
    });
    const { next } = inspector.inspect;
    this.inspection.watch({ next: (event) => next?.(plainInspection(event)) });
  }

  private close(): void {
    this.inspection.unwatch();
    for (const socket of this.sockets?.clients ?? []) socket.terminate();
    this.sockets?.close();
    this.server?.close();
    this.sockets = undefined;
    this.server = undefined;
  }
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
<iframe src="https://stately.ai/inspect"></iframe>
<script>
  const frame = document.querySelector('iframe').contentWindow;
  const waiting = [];
  let connected = false;
  addEventListener('message', ({ data }) => {
    if (data?.type !== '@statelyai.connected') return;
    connected = true;
    for (const event of waiting.splice(0)) frame.postMessage(event, '*');
  });
  new WebSocket('ws://${host}:${port}').onmessage = ({ data }) => {
    const event = JSON.parse(data);
    if (connected) frame.postMessage(event, '*');
    else waiting.push(event);
  };
</script>
`;
}

/**
 * Charts for Stately's tools, over a WebSocket at `/stately`, behind the same guard as all else
 * here. `?node=n1` shows those of one node. Who reads too slowly sees fewer steps of them, and who
 * does not read at all is sent away.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { dashboardLimits } from '../../actors/rules/limits/dashboard.js';
import type { Clock } from '../seams/clock.js';
import type { ClusterFeed, FeedListener } from './cluster-feed.js';
import { pathOf } from './guard.js';
import { introduction, sessionOf, step, type ShownInstance } from './stately-events.js';
import { Unread } from './unread.js';
import type { ChartDefinition, ClusterPicture, Note, NoteBatch } from './wire.js';

export const statelyPath = '/stately';

export interface StatelyParts {
  /** Undefined: no cluster is shown. */
  readonly feed: Pick<ClusterFeed, 'watch'> | undefined;
  readonly clock: Clock;
  readonly charts: () => Promise<readonly ChartDefinition[]>;
  readonly isLetIn: (request: IncomingMessage) => boolean;
}

export class StatelyFeed {
  private readonly sockets = new WebSocketServer({
    noServer: true,
    maxPayload: dashboardLimits.heardBytesMax,
    perMessageDeflate: false,
  });

  constructor(private readonly parts: StatelyParts) {
    this.sockets.on('wsClientError', (_, socket) => socket.destroy());
  }

  /** Whoever wants any other protocol than this is refused. */
  serve(server: Server): void {
    server.on('upgrade', (request: IncomingMessage, socket, head: Buffer) => {
      socket.on('error', () => socket.destroy());
      const isFull = this.sockets.clients.size >= dashboardLimits.streamsMax;
      const isHere = pathOf(request) === statelyPath && this.parts.feed !== undefined;
      if (isFull || !isHere || !this.parts.isLetIn(request)) return refuse(socket);
      this.sockets.handleUpgrade(
        request,
        socket,
        head,
        (opened) => void this.show(opened, request),
      );
    });
  }

  close(): void {
    for (const socket of this.sockets.clients) socket.terminate();
    this.sockets.close();
  }

  private async show(socket: WebSocket, request: IncomingMessage): Promise<void> {
    socket.on('error', () => socket.terminate());
    const { feed, clock, charts } = this.parts;
    try {
      const node = new URL(request.url ?? '', 'http://here').searchParams.get('node');
      const found = await charts();
      const definitions = new Map(found.map(({ id, stately }) => [id, stately]));
      if (feed === undefined || socket.readyState !== socket.OPEN) return socket.terminate();
      const unwatch = feed.watch(new StatelyReader(socket, { clock, definitions, node }));
      socket.once('close', unwatch);
    } catch {
      socket.terminate();
    }
  }
}

interface ReaderParts {
  readonly clock: Clock;
  readonly definitions: ReadonlyMap<string, object>;
  /** By name or id; null: all nodes. */
  readonly node: string | null;
}

class StatelyReader implements FeedListener {
  private readonly introduced = new Set<string>();
  private readonly unread: Unread;
  private nameOf = new Map<string, string>();

  constructor(
    private readonly socket: WebSocket,
    private readonly parts: ReaderParts,
  ) {
    this.unread = new Unread({
      clock: parts.clock,
      bytes: () => socket.bufferedAmount,
      sendAway: () => socket.terminate(),
    });
  }

  pictured({ atMs, nodes }: ClusterPicture): void {
    this.nameOf = new Map(nodes.map(({ id, name }) => [id, name]));
    for (const { id: node, view } of nodes)
      for (const chart of view?.charts ?? [])
        this.introduce({ ...chart, ...this.whose(node), atMs });
  }

  noted({ notes }: NoteBatch): void {
    for (const note of notes) if (note.kind === 'chart') this.stepped(note);
  }

  private stepped({ atUs, node, event, ...note }: Note & { readonly kind: 'chart' }): void {
    const shown = { ...note, ...this.whose(node), atMs: atUs / 1000 };
    if (!this.introduce(shown)) return;
    for (const text of step(shown, event)) this.send(text);
    if (note.isFinal === true) this.introduced.delete(sessionOf(shown));
  }

  /** Whether it is known now: one that is not asked for, or can't be read in time, is not. */
  private introduce(shown: ShownInstance): boolean {
    const { node, definitions } = this.parts;
    if (node !== null && node !== shown.node && node !== shown.nodeName) return false;
    if (!this.unread.hasRead()) return false;
    const session = sessionOf(shown);
    if (this.introduced.has(session)) return true;
    this.introduced.add(session);
    const [oldest] = this.introduced;
    if (this.introduced.size > dashboardLimits.statelyChartsMax) this.introduced.delete(oldest!);
    this.send(introduction(shown, definitions.get(shown.chart)));
    return true;
  }

  private whose(node: string): Pick<ShownInstance, 'node' | 'nodeName'> {
    return { node, nodeName: this.nameOf.get(node) ?? node };
  }

  private send(text: string): void {
    this.socket.send(text, nothing);
  }
}

function refuse(socket: Duplex): void {
  socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', () =>
    socket.destroy(),
  );
}

function nothing(): void {
  // A broken socket closes by itself.
}

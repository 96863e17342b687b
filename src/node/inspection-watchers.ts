/**
 * The browsers that watch a node's charts. What they send or fail to read is theirs alone: nothing
 * of it reaches the node, and who does not keep up is sent away.
 */
import type { IncomingMessage, Server } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { inspectionLimits } from '../../actors/rules/limits/inspection.js';

export class InspectionWatchers {
  private readonly sockets: WebSocketServer;
  /** Told to whoever comes later: a chart that has come to rest would stay invisible. */
  private readonly replayed: string[] = [];
  private replayedLength = 0;

  constructor(server: Server, isWelcome: (request: IncomingMessage) => boolean) {
    this.sockets = new WebSocketServer({
      server,
      maxPayload: inspectionLimits.heardBytesMax,
      perMessageDeflate: false,
      verifyClient: ({ req }: { req: IncomingMessage }) => isWelcome(req),
    });
    this.sockets.on('error', nothing);
    this.sockets.on('wsClientError', (_, socket) => socket.destroy());
    this.sockets.on('connection', (socket) => {
      socket.on('error', () => socket.terminate());
      for (const text of this.replayed) send(socket, text);
    });
  }

  tell(text: string): void {
    const { eventsMax, lengthMax } = inspectionLimits;
    this.replayed.push(text);
    this.replayedLength += text.length;
    while (this.replayed.length > eventsMax || this.replayedLength > lengthMax)
      this.replayedLength -= this.replayed.shift()!.length;
    for (const socket of this.sockets.clients) send(socket, text);
  }

  close(): void {
    for (const socket of this.sockets.clients) socket.terminate();
    this.sockets.close();
  }
}

function send(socket: WebSocket, text: string): void {
  if (socket.readyState !== WebSocket.OPEN) return;
  if (socket.bufferedAmount > inspectionLimits.unreadBytesMax) socket.terminate();
  else socket.send(text, nothing);
}

function nothing(): void {
  // A broken socket closes by itself.
}

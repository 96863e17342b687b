/**
 * A server that speaks as much NATS as a connection needs, and goes wrong as it is told, connection
 * by connection.
 */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * What becomes of a connection. All of them but `serves` go wrong; `late`: it answers, but long
 * after it was given up.
 */
export type Turn =
  | 'silent'
  | 'late'
  | 'closes'
  | 'noPong'
  | 'closesAfterInfo'
  | 'refuses'
  | 'nonsense'
  | 'closesAfterPong'
  | 'serves';

export const scriptedInfo = 'INFO {"version":"2.9.10","headers":true,"max_payload":1048576}\r\n';
const lateMs = 150;

export class ScriptedNats {
  /** Taken from the front; an empty one serves. */
  readonly script: Turn[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly served = new Map<Socket, Map<string, string[]>>();

  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => this.accept(socket));
  }

  static async start(): Promise<ScriptedNats> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ScriptedNats(server);
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Connections that the other side has not ended. */
  get open(): number {
    return this.sockets.size;
  }

  get serving(): number {
    return this.served.size;
  }

  breakOff(): void {
    for (const socket of this.served.keys()) socket.destroy();
  }

  /** To every subscription of every connection. */
  say(subject: string, text: string): void {
    for (const [socket, subscriptions] of this.served)
      for (const sid of subscriptions.get(subject) ?? [])
        socket.write(`MSG ${subject} ${sid} ${text.length}\r\n${text}\r\n`);
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(socket: Socket): void {
    const turn = this.script.shift() ?? 'serves';
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.sockets.delete(socket);
      this.served.delete(socket);
    });
    if (turn === 'late') {
      // Nothing comes before it has said INFO; but the end of who gives up is noticed by reading
      // only.
      socket.resume();
      setTimeout(() => this.talk(socket, 'closesAfterPong'), lateMs);
      return;
    }
    this.talk(socket, turn);
  }

  private talk(socket: Socket, turn: Turn): void {
    if (turn === 'silent') socket.resume();
    else if (turn === 'closes') socket.destroy();
    else socket.write(scriptedInfo);
    if (turn === 'closesAfterInfo') socket.end();
    socket.on('data', (bytes) => this.hear(socket, turn, bytes.toString('latin1')));
  }

  private hear(socket: Socket, turn: Turn, text: string): void {
    for (const [, subject, sid] of text.matchAll(/^SUB (\S+)(?: \S+)? (\d+)/gm)) {
      const subscriptions = this.served.get(socket);
      const sids = subscriptions?.get(subject!);
      if (sids === undefined) subscriptions?.set(subject!, [sid!]);
      else if (!sids.includes(sid!)) sids.push(sid!);
    }
    for (const _ of text.matchAll(/^PING/gm)) this.ping(socket, turn);
  }

  private ping(socket: Socket, turn: Turn): void {
    if (turn === 'noPong') return;
    if (turn === 'refuses') socket.end(`-ERR 'maximum connections exceeded'\r\n`);
    else if (turn === 'nonsense') socket.write('PONG\r\nHTTP/1.1 400 Bad Request\r\n');
    else if (turn === 'closesAfterPong') socket.end('PONG\r\n');
    else {
      socket.write('PONG\r\n');
      if (!this.served.has(socket)) this.served.set(socket, new Map());
    }
  }
}

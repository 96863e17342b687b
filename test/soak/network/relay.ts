/**
 * One TCP relay between a host and a server. What is held up in it is not lost but late, as what
 * lies in a socket buffer or is sent again by the kernel: a connection may be made, or its words
 * arrive, long after they were given up.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { LinkFault } from './network.js';

interface Way {
  isCut: boolean;
  /** Of a hundred pieces; each waits for what TCP would wait until it sends it again. */
  lossPercent: number;
  kilobytesPerSecond: number;
  delayMs: number;
}

interface Piece {
  readonly bytes: Buffer;
  readonly dueMs: number;
}

const well: Way = { isCut: false, lossPercent: 0, kilobytesPerSecond: Infinity, delayMs: 0 };
const lookMs = 25;
const resendMs = 300;
/** Held in one direction; past it the sender waits, as for a full window. */
const heldBytesMax = 256 * 1024;

export class Relay {
  private readonly there: Way = { ...well };
  private readonly back: Way = { ...well };
  private readonly sockets = new Set<Socket>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private server: Server | undefined;

  constructor(private readonly target: { readonly host: string; readonly port: number }) {}

  /** Resolves with the port it listens on. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      const server = createServer((socket) => this.accept(socket));
      this.server = server;
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(address !== null && typeof address === 'object' ? address.port : 0);
      });
    });
  }

  apply(there: readonly LinkFault[], back: readonly LinkFault[]): void {
    set(this.there, there);
    set(this.back, back);
  }

  close(): void {
    this.server?.close();
    for (const timer of this.timers) clearInterval(timer);
    for (const socket of this.sockets) socket.destroy();
  }

  private accept(near: Socket): void {
    const far = connect(this.target);
    this.pump(near, far, this.there);
    this.pump(far, near, this.back);
  }

  private pump(from: Socket, to: Socket, way: Way): void {
    const held: Piece[] = [];
    let bytes = 0;
    let quietUntilMs = 0;
    let isOver = false;
    this.sockets.add(from);
    const timer = setInterval(() => look(), lookMs);
    this.timers.add(timer);
    const look = (): void => {
      if (way.isCut || Date.now() < quietUntilMs || to.destroyed) return;
      let allowed =
        way.kilobytesPerSecond === Infinity ? Infinity : way.kilobytesPerSecond * lookMs;
      for (let next = held[0]; next !== undefined && allowed > 0; next = held[0]) {
        if (next.dueMs > Date.now()) break;
        const part = next.bytes.subarray(0, allowed);
        if (part.length === next.bytes.length) held.shift();
        else held[0] = { ...next, bytes: next.bytes.subarray(part.length) };
        bytes -= part.length;
        allowed -= part.length;
        to.write(part);
      }
      if (bytes < heldBytesMax) from.resume();
      if (isOver && held.length === 0) to.end();
    };
    from.on('data', (piece: Buffer) => {
      held.push({ bytes: piece, dueMs: Date.now() + way.delayMs });
      bytes += piece.length;
      if (bytes >= heldBytesMax) from.pause();
      if (Math.random() * 100 < way.lossPercent) quietUntilMs = Date.now() + resendMs;
      if (way.kilobytesPerSecond === Infinity) look();
    });
    from.on('end', () => {
      isOver = true;
      look();
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      clearInterval(timer);
      this.timers.delete(timer);
      this.sockets.delete(from);
      // A connection that is gone is told to the other side only when the link lets it through.
      if (!way.isCut) to.destroy();
      else setTimeout(() => to.destroy(), resendMs).unref();
    });
  }
}

function set(way: Way, faults: readonly LinkFault[]): void {
  Object.assign(way, well);
  for (const { kind, amount } of faults) {
    if (kind === 'cut') way.isCut = true;
    else if (kind === 'lose') way.lossPercent = Math.max(way.lossPercent, amount);
    else if (kind === 'delay') way.delayMs = Math.max(way.delayMs, amount);
    else way.kilobytesPerSecond = Math.min(way.kilobytesPerSecond, amount);
  }
}

/**
 * The link to a NATS server, for `nats.js`: its own for Node, but reading from the socket into slabs and handing over whole
 * messages only. Otherwise most frames arrive in two parts, and the package copies them three times over to join them
 * (measured: a client that reads 32 MB/s of values went through 150 MB/s of buffers). And they go to its parser within the
 * read; on the package's own way there, an asynchronous iterator, each read takes half a dozen promises.
 */
import { createConnection, type Socket } from 'node:net';
import {
  NatsConnectionImpl,
  setTransportFactory,
  type ConnectionOptions,
  type NatsConnection,
} from 'nats/lib/nats-base-client/internal_mod.js';
import { nodeResolveHost, NodeTransport } from 'nats/lib/src/node_transport.js';
import { limits } from '../../actors/rules/limits.js';
import { RealClock } from '../seams/real-clock.js';
import type { SendBytes } from './publications.js';
import { WholeMessages } from './whole-messages.js';

/** Sockets are of this machine, and so is the end of a turn in which they were read. */
const clock = new RealClock();

class SlabTransport extends NodeTransport {
  /** Whose transport it is, once known; then it is the one that reads. */
  protocol: Protocol | undefined;
  /** In this turn of the event loop. */
  private bytesRead = 0;

  override dial({ hostname, port }: { hostname: string; port: number }): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const messages = new WholeMessages();
      let failure: Error | undefined;
      const socket: Socket = createConnection({
        host: hostname,
        port,
        noDelay: true,
        onread: {
          buffer: () => messages.room(),
          callback: (bytes) => {
            const whole = messages.received(bytes);
            if (whole !== undefined) this.take(socket, whole);
            return this.readsOn(socket, bytes);
          },
        },
      });
      socket.once('connect', () => {
        socket.removeAllListeners();
        resolve(socket);
      });
      socket.once('error', (error) => (failure = error));
      socket.once('close', () => reject(failure ?? new Error('closed while it was dialled')));
    });
  }

  /** Without the promise for each write that nobody looks at: a broken link shows when it is read. */
  override send(frame: Uint8Array): void {
    if (!this.isClosed) this.socket?.write(frame);
  }

  /** Whether the operating system has all that was sent. */
  get isIdle(): boolean {
    return this.socket?.writableLength === 0;
  }

  /**
   * False: no more in this turn. A socket that always has more to read is read 32 times before anything else has a turn: with
   * plain requests at once and a half of the peak that took a second, in which no write of the log was seen to be done.
   */
  private readsOn(socket: Socket, bytes: number): boolean {
    if (this.bytesRead === 0) clock.endOfTurn(() => this.nextTurn(socket));
    this.bytesRead += bytes;
    return this.bytesRead < limits.turnBytesMax;
  }

  private nextTurn(socket: Socket): void {
    const isPaused = this.bytesRead >= limits.turnBytesMax;
    this.bytesRead = 0;
    if (isPaused) socket.resume();
  }

  private take(socket: Socket, whole: Buffer): void {
    // What comes before the handshake is done is read by an event, what comes while it is done by an iterator.
    if (!this.connected) socket.emit('data', whole);
    else if (this.protocol?.connected === true && this.yields.length === 0)
      this.parse(socket, whole);
    else {
      this.yields.push(whole);
      this.signal.resolve();
    }
  }

  /** After what is no NATS protocol there is nothing left to understand: the package connects again. */
  private parse(socket: Socket, whole: Buffer): void {
    try {
      this.protocol?.parser.parse(whole);
    } catch (error) {
      socket.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

export interface NatsLink {
  readonly connection: NatsConnection;
  /** Words of the protocol, behind what the package itself has sent so far. Lost while there is no connection. */
  readonly send: SendBytes;
}

/** What the package keeps to itself. */
interface Protocol {
  readonly connected: boolean;
  readonly parser: { parse(bytes: Uint8Array): void };
  readonly transport: SlabTransport;
  flushPending(): void;
}

/** Like the package's own `connect()`. */
export async function connectNats(options: ConnectionOptions): Promise<NatsLink> {
  setTransportFactory({ factory: () => new SlabTransport(), dnsResolveFn: nodeResolveHost });
  const connection = await NatsConnectionImpl.connect(options);
  // What it makes is of its own class.
  const protocol = (connection as unknown as NatsConnectionImpl).protocol as unknown as Protocol;
  const send: SendBytes = (bytes) => {
    if (!protocol.connected) return true;
    protocol.flushPending();
    const { transport } = protocol;
    // A connection that was made anew has another transport.
    transport.protocol = protocol;
    transport.send(bytes);
    return transport.isIdle;
  };
  return { connection, send };
}

/**
 * The socket to a NATS server, for `nats.js`: its own transport for Node, but reading from the
 * socket into slabs and handing over whole messages only. Otherwise most frames arrive in two
 * parts, and the package copies them three times over to join them (measured: a client that reads
 * 32 MB/s of values went through 150 MB/s of buffers). And they go to its parser within the read;
 * on the package's own way there, an asynchronous iterator, each read takes half a dozen promises.
 *
 * What is given up ends at once: the package leaves the socket of a dial that took too long to
 * itself. Such a connection comes about later, and when it ends the package dials again beside the
 * one it has.
 */
import { createConnection, type Socket } from 'node:net';
import type { ConnectionOptions } from 'nats/lib/nats-base-client/internal_mod.js';
import { NodeTransport } from 'nats/lib/src/node_transport.js';
import { busLimits } from '../../actors/rules/limits/bus.js';
import { RealClock } from '../seams/real-clock.js';
import { WholeMessages } from './whole-messages.js';

/** Sockets are of this machine, and so is the end of a turn in which they were read. */
const clock = new RealClock();

/** Who decides which transport may live; handed to it with the options of the connection. */
export interface TransportOwner {
  /** Throws when there may be no connection any more. What was dialled before is given up. */
  dials(transport: SlabTransport): void;
  /** Throws when it may not be this server. */
  checkPayload(bytesMax: number): void;
  /** The parser of the connection, if this is the transport it goes by. */
  parserOf(transport: SlabTransport): { parse(bytes: Uint8Array): void } | undefined;
}

export interface OwnedOptions extends ConnectionOptions {
  readonly owner: TransportOwner;
}

export class SlabTransport extends NodeTransport {
  private owner: TransportOwner | undefined;
  /** Below the encryption, if there is one. */
  private tcp: Socket | undefined;
  private isGivenUp = false;
  /** In this turn of the event loop. */
  private bytesRead = 0;

  override async connect(
    server: { hostname: string; port: number; tlsName: string },
    options: ConnectionOptions,
  ): Promise<void> {
    this.owner = (options as OwnedOptions).owner;
    this.owner.dials(this);
    await super.connect(server, options);
    if (this.isGivenUp) throw new Error('given up while it was dialled');
  }

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
      this.tcp = socket;
      socket.once('connect', () => {
        socket.removeAllListeners();
        resolve(socket);
      });
      socket.once('error', (error) => (failure = error));
      socket.once('close', () => reject(failure ?? new Error('closed while it was dialled')));
    });
  }

  override async peekInfo(): ReturnType<NodeTransport['peekInfo']> {
    const info = await super.peekInfo();
    try {
      this.owner?.checkPayload(info.max_payload);
    } catch (error) {
      // To wait does not help.
      this.options.waitOnFirstConnect = false;
      throw error;
    }
    return info;
  }

  /**
   * Without the promise for each write that nobody looks at: a broken link shows when it is read.
   */
  override send(frame: Uint8Array): void {
    this.write(frame);
  }

  /** `onRead`: once the operating system has all of it; never, where the connection ends before. */
  write(frame: Uint8Array, onRead?: () => void): void {
    if (this.isClosed) return;
    if (onRead === undefined) this.socket?.write(frame);
    else this.socket?.write(frame, (error) => error ?? onRead());
  }

  /** Bytes that the operating system has not taken yet. */
  get bytesUnsent(): number {
    return this.socket?.writableLength ?? 0;
  }

  /** The connection goes by another transport from here on, or by none. */
  override discard(): void {
    this.giveUp();
  }

  /**
   * A dial that failed or took too long, or the end of the connection. Without an error: all has
   * been sent.
   */
  override close(error?: Error): Promise<void> {
    this.giveUp(error === undefined ? 'ends' : 'breaks');
    return Promise.resolve();
  }

  /**
   * The server does not answer: the connection ends now. The package would wait until all is sent,
   * which with such a server takes as long as it is stopped or as its host is away.
   */
  override disconnect(): void {
    this.break();
  }

  /**
   * Resolves only for the transport the connection goes by, and between turns: its dialling is over
   * then.
   */
  override closed(): Promise<void | Error> {
    return new Promise((resolve) => {
      const tell = (error: void | Error): void => {
        clock.endOfTurn(() => {
          if (this.owner?.parserOf(this) !== undefined) resolve(error);
        });
      };
      void super.closed().then(tell);
    });
  }

  /** Nobody hears of it any more, whatever becomes of its socket. */
  giveUp(how: 'breaks' | 'ends' = 'breaks'): void {
    if (this.isGivenUp) return;
    this.isGivenUp = true;
    this.done = true;
    if (how === 'breaks') this.break();
    else this.tcp?.destroy();
  }

  /**
   * With a reset, because what the operating system still holds would be sent for minutes after an
   * ordinary close: it is late by then, and its author has been told that it is not known to be
   * done.
   */
  private break(): void {
    const { tcp } = this;
    if (tcp === undefined || tcp.destroyed) return;
    // Both answer 'error' where there is nothing to reset any more.
    tcp.on('error', () => undefined);
    if (tcp.connecting || tcp.writableEnded) tcp.destroy();
    else tcp.resetAndDestroy();
  }

  /**
   * False: no more in this turn. A socket that always has more to read is read 32 times before
   * anything else has a turn: with plain requests at once and a half of the peak that took a
   * second, in which no write of the log was seen to be done.
   */
  private readsOn(socket: Socket, bytes: number): boolean {
    if (this.bytesRead === 0) clock.endOfTurn(() => this.nextTurn(socket));
    this.bytesRead += bytes;
    return this.bytesRead < busLimits.turnBytesMax;
  }

  private nextTurn(socket: Socket): void {
    const isPaused = this.bytesRead >= busLimits.turnBytesMax;
    this.bytesRead = 0;
    if (isPaused) socket.resume();
  }

  private take(socket: Socket, whole: Buffer): void {
    if (this.isGivenUp) return;
    // What comes before the handshake is done is read by an event, what comes while it is done by
    // an iterator.
    if (!this.connected) {
      socket.emit('data', whole);
      return;
    }
    const parser = this.yields.length === 0 ? this.owner?.parserOf(this) : undefined;
    if (parser !== undefined) this.parse(parser, whole);
    else {
      this.yields.push(whole);
      this.signal.resolve();
    }
  }

  /**
   * After what is no NATS protocol there is nothing left to understand: the package connects again.
   */
  private parse(parser: { parse(bytes: Uint8Array): void }, whole: Buffer): void {
    try {
      parser.parse(whole);
    } catch {
      this.break();
    }
  }
}

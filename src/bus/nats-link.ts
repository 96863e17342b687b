/**
 * The link to a NATS server: whatever becomes of the servers and of the ways to them, it has one connection at most,
 * and none once it was ended.
 */
import {
  NatsConnectionImpl,
  setTransportFactory,
  type ConnectionOptions,
  type NatsConnection,
} from 'nats/lib/nats-base-client/internal_mod.js';
import { nodeResolveHost } from 'nats/lib/src/node_transport.js';
import { limits } from '../../actors/rules/limits.js';
import { SlabTransport, type OwnedOptions, type TransportOwner } from './nats-transport.js';
import type { SendBytes } from './publications.js';

/** What the package keeps to itself. */
interface Protocol {
  readonly connected: boolean;
  readonly parser: { parse(bytes: Uint8Array): void };
  readonly transport: SlabTransport;
  flushPending(): void;
}

export class NatsLink implements TransportOwner {
  /** The last that was dialled. */
  private transport: SlabTransport | undefined;
  private protocol: Protocol | undefined;
  private hasEnded = false;

  private constructor(private readonly payloadBytesMin: number) {}

  /** Like the package's own `connect()`. A server that takes smaller payloads counts as one that isn't there. */
  static async connect(
    options: ConnectionOptions,
    payloadBytesMin: number,
  ): Promise<{ link: NatsLink; connection: NatsConnection }> {
    setTransportFactory({ factory: () => new SlabTransport(), dnsResolveFn: nodeResolveHost });
    const link = new NatsLink(payloadBytesMin);
    const owned: OwnedOptions = { ...options, owner: link };
    const connection = await NatsConnectionImpl.connect(owned);
    // What it makes is of its own class.
    const { protocol } = connection as unknown as NatsConnectionImpl;
    link.protocol = protocol as unknown as Protocol;
    return { link, connection };
  }

  dials(transport: SlabTransport): void {
    this.transport?.giveUp();
    this.transport = transport;
    if (this.hasEnded) throw new Error('the connection is closed');
  }

  checkPayload(bytesMax: number): void {
    if (bytesMax < this.payloadBytesMin)
      throw new Error(
        `the NATS server takes messages of ${bytesMax} bytes; set its max_payload to ${this.payloadBytesMin} or more`,
      );
  }

  parserOf(transport: SlabTransport): Protocol['parser'] | undefined {
    const { protocol } = this;
    if (protocol === undefined || !protocol.connected || protocol.transport !== transport)
      return undefined;
    return protocol.parser;
  }

  /** Words of the protocol, behind what the package itself has sent so far. Lost while there is no connection. */
  readonly send: SendBytes = (bytes) => {
    const { protocol } = this;
    if (protocol === undefined || !protocol.connected) return true;
    protocol.flushPending();
    const { transport } = protocol;
    transport.send(bytes);
    const { bytesUnsent } = transport;
    if (bytesUnsent > limits.linkBytesMax) transport.disconnect();
    return bytesUnsent === 0;
  };

  /** For good. What was sent has to be there already. */
  end(): void {
    this.hasEnded = true;
    this.transport?.giveUp('ends');
  }
}

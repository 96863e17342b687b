/**
 * The link to a NATS server: whatever becomes of the servers and of the ways to them, it has one
 * connection at most, and none once it was ended.
 */
import {
  NatsConnectionImpl,
  ProtocolHandler,
  setTransportFactory,
  type ConnectionOptions,
  type NatsConnection,
} from 'nats/lib/nats-base-client/internal_mod.js';
import { NodeTransport, nodeResolveHost } from 'nats/lib/src/node_transport.js';
import { busLimits } from '../../actors/rules/limits/bus.js';
import { SlabTransport, type OwnedOptions, type TransportOwner } from './nats-transport.js';
import type { SendBytes } from './publications.js';

/** Its constructor is private, and the package's `connect()` dials before it shows the protocol. */
const Connection = NatsConnectionImpl as unknown as new (
  options: ConnectionOptions,
) => NatsConnectionImpl;

/** What the package keeps to itself. */
interface Protocol {
  readonly connected: boolean;
  readonly parser: { parse(bytes: Uint8Array): void };
  readonly transport: SlabTransport;
  flushPending(): void;
}

/** The server takes too little at once for what is to be told over it. */
export class PayloadBoundError extends Error {}

export class NatsLink implements TransportOwner {
  /** The last that was dialled. */
  private transport: SlabTransport | undefined;
  private protocol: Protocol | undefined;
  private hasEnded = false;
  private isCut = false;

  private constructor(private readonly payloadBytesMin: number) {}

  /**
   * Like the package's own `connect()`. A server that takes smaller payloads counts as one that
   * isn't there.
   */
  static async connect(
    options: ConnectionOptions,
    payloadBytesMin: number,
  ): Promise<{ link: NatsLink; connection: NatsConnection }> {
    const link = new NatsLink(payloadBytesMin);
    const owned: OwnedOptions = { ...options, owner: link };
    // As the package's own `connect()`: names of servers are resolved by it. The connection looks
    // for that when it is made.
    setTransportFactory(plain);
    const connection = new Connection(owned);
    const protocol = new ProtocolHandler(connection.options, connection);
    dialsWithSlabs(protocol);
    await protocol.dialLoop();
    connection.protocol = protocol;
    void tellStatus(protocol, connection);
    link.protocol = protocol as unknown as Protocol;
    return { link, connection: connection as unknown as NatsConnection };
  }

  dials(transport: SlabTransport): void {
    this.transport?.giveUp();
    this.transport = transport;
    if (this.hasEnded) throw new Error('the connection is closed');
    if (this.isCut) throw new Error('the link is cut');
  }

  checkPayload(bytesMax: number): void {
    if (bytesMax < this.payloadBytesMin)
      throw new PayloadBoundError(
        `the NATS server takes messages of ${bytesMax} bytes; set its max_payload to ${this.payloadBytesMin} or more`,
      );
  }

  parserOf(transport: SlabTransport): Protocol['parser'] | undefined {
    const { protocol } = this;
    if (protocol === undefined || !protocol.connected || protocol.transport !== transport)
      return undefined;
    return protocol.parser;
  }

  /**
   * Words of the protocol, behind what the package itself has sent so far. Lost while there is no
   * connection.
   */
  readonly send: SendBytes = (bytes, onRead) => {
    const { protocol } = this;
    if (protocol === undefined || !protocol.connected) return true;
    protocol.flushPending();
    const { transport } = protocol;
    transport.write(bytes, onRead);
    const { bytesUnsent } = transport;
    if (bytesUnsent > busLimits.linkBytesMax) transport.disconnect();
    return bytesUnsent === 0;
  };

  /** No server can be reached, until `mend`. */
  cut(): void {
    this.isCut = true;
    this.transport?.disconnect();
  }

  mend(): void {
    this.isCut = false;
  }

  /** For good. What was sent has to be there already. */
  end(): void {
    this.hasEnded = true;
    this.transport?.giveUp('ends');
  }
}

const slabs = { factory: () => new SlabTransport(), dnsResolveFn: nodeResolveHost };
const plain = { factory: () => new NodeTransport(), dnsResolveFn: nodeResolveHost };

/**
 * The package has one kind of transport for the whole process, and asks for it at each dial. An
 * application may have connections of its own by the same package: neither may be given the
 * other's.
 */
function dialsWithSlabs(protocol: ProtocolHandler): void {
  const dialled = protocol as unknown as { prepare(): unknown };
  const prepare = dialled.prepare.bind(protocol);
  dialled.prepare = () => {
    setTransportFactory(slabs);
    try {
      return prepare();
    } finally {
      setTransportFactory(plain);
    }
  };
}

async function tellStatus(
  protocol: ProtocolHandler,
  { listeners }: NatsConnectionImpl,
): Promise<void> {
  for await (const status of protocol.status())
    for (const listener of listeners) listener.push(status);
}

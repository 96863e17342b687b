/** NATS as `Bus`. */
import { createInbox, Events, type ConnectionOptions, type Msg, type NatsConnection } from 'nats';
import { busLimits } from '../../actors/rules/limits/bus.js';
import { MalformedError } from '../errors.js';
import type {
  Announce,
  Announced,
  Bus,
  BusMessage,
  BusStatus,
  BusSubscription,
  PublishOptions,
  ServiceDescription,
} from '../seams/bus.js';
import { Announcement } from './announcement.js';
import { readContext } from './nats-context.js';
import { natsCredentials } from './nats-credentials.js';
import type { NatsCredentials } from './who-one-is.js';
import { serviceAnswer, serviceSubjects } from './nats-service.js';
import { NatsLink } from './nats-link.js';
import { NatsMessage } from './nats-message.js';
import { Publications } from './publications.js';

export interface NatsBusOptions extends NatsCredentials {
  /**
   * `nats://host:port`, or `tls://…`; with `user:password@` or `token@` where the server asks for
   * them. Commas separate several. `nats://127.0.0.1:4222` unless told, or that of the context.
   */
  readonly servers?: string | readonly string[] | undefined;
  /** Of the `nats` command, by its name: what is told beside it goes before what it says. */
  readonly context?: string | undefined;
  /** As shown in the server's list of connections. */
  readonly name?: string;
  /** Servers that take smaller payloads are not connected to. */
  readonly payloadBytesMin?: number;
  /** Keep trying until a server is there; otherwise the first failure is an error. */
  readonly waitForServer?: boolean;
  /** A dial that takes longer is given up. */
  readonly connectTimeoutMs?: number;
  /** Two pings without an answer end a connection. */
  readonly pingIntervalMs?: number;
  /** Between two dials of one server. */
  readonly reconnectWaitMs?: number;
  /**
   * A handler that threw, or a subject this user may not subscribe to. Thrown where nothing catches
   * it unless told: what a node can't listen to it can't promise, and a handler that threw left its
   * work undone.
   */
  readonly onError?: (error: Error) => void;
}

/** Where a server is unless told. */
export const serversDefault = 'nats://127.0.0.1:4222';

const payloadBytesDefault = 1024 * 1024;

export class NatsBus implements Bus {
  connected = true;
  private status: BusStatus = 'connected';
  private readonly listeners: ((status: BusStatus) => void)[] = [];
  private payloadBytes: number;

  private readonly publications: Publications;

  private constructor(
    private readonly connection: NatsConnection,
    private readonly link: NatsLink,
    private readonly onError: (error: Error) => void,
  ) {
    this.payloadBytes = connection.info?.max_payload ?? payloadBytesDefault;
    this.publications = new Publications(link.send);
    void this.watch();
    void connection.closed().then(() => this.tell('closed'));
  }

  static async connect(options: NatsBusOptions): Promise<NatsBus> {
    const { servers, credentials } = addresses(natsPlace(options));
    const { connection, link } = await NatsLink.connect(
      {
        servers,
        ...credentials,
        name: options.name ?? 'quorate',
        waitOnFirstConnect: options.waitForServer ?? false,
        maxReconnectAttempts: -1,
        reconnectTimeWait: options.reconnectWaitMs ?? busLimits.reconnectWaitMs,
        // A server that is being reconfigured may refuse a user for a moment.
        ignoreAuthErrorAbort: options.waitForServer ?? false,
        timeout: options.connectTimeoutMs ?? busLimits.connectMsMax,
        pingInterval: options.pingIntervalMs ?? busLimits.pingIntervalMs,
        maxPingOut: busLimits.pingsUnansweredMax,
        noAsyncTraces: true,
      },
      options.payloadBytesMin ?? 0,
    );
    return new NatsBus(connection, link, options.onError ?? throwLater);
  }

  get payloadBytesMax(): number {
    return this.payloadBytes;
  }

  publish(subject: string, payload: Uint8Array, options?: PublishOptions): void {
    // The package would keep it for the next connection, without a bound: by then nobody waits for
    // it.
    if (!this.connected) return;
    this.publications.add(subject, payload, options, this.payloadBytes);
  }

  announcer(announced: Announced): Announce {
    const announcement = new Announcement(announced);
    return (subjectEnd, bytes) => {
      if (this.connected) this.publications.announce(announcement, subjectEnd, bytes);
    };
  }

  subscribe(
    subject: string,
    handler: (message: BusMessage) => void,
    options?: { readonly queue?: string },
  ): BusSubscription {
    // A timer of somebody who has not heard of the end yet.
    if (this.connection.isClosed() || this.connection.isDraining()) return endedSubscription;
    const callback = (error: Error | null, message: Msg): void => {
      // An error thrown into the package would end its reader, and with it the connection.
      try {
        if (error === null) handler(new NatsMessage(message));
        else this.onError(error);
      } catch (thrown) {
        // Of the message, and no failure of who listens: what comes from outside ends nobody.
        if (thrown instanceof MalformedError) return;
        this.onError(thrown instanceof Error ? thrown : new Error(String(thrown)));
      }
    };
    const queue = options?.queue;
    const subscription = this.connection.subscribe(
      subject,
      queue === undefined ? { callback } : { callback, queue },
    );
    // To drain is to unsubscribe, and to take what the server had sent before it heard of it.
    // It fails where there is nothing left to drain: a second time, or with the connection closed.
    return { unsubscribe: () => void subscription.drain().catch(() => undefined) };
  }

  /** As if a cable was pulled: what is sent is lost, and no server is there until `mend`. */
  cut(): void {
    this.link.cut();
  }

  mend(): void {
    this.link.mend();
  }

  inbox(): string {
    return createInbox();
  }

  flush(): Promise<void> {
    this.publications.flush();
    return this.connection.flush();
  }

  onStatus(listener: (status: BusStatus) => void): void {
    this.listeners.push(listener);
  }

  registerService(service: ServiceDescription): void {
    for (const { verb, subject } of serviceSubjects(service)) {
      // Of what is read at once: to make it costs more than all the rest.
      let answer: Buffer | undefined;
      this.subscribe(subject, ({ reply }) => {
        if (reply === '') return;
        if (answer === undefined) {
          answer = Buffer.from(JSON.stringify(serviceAnswer(verb, service)));
          queueMicrotask(() => (answer = undefined));
        }
        this.publish(reply, answer);
      });
    }
  }

  /** What was published before is sent, if there is a server to send it to. */
  async close(): Promise<void> {
    if (this.connection.isClosed()) return;
    this.publications.flush();
    // The package would wait for another server to send the rest to.
    if (this.connected) await Promise.race([this.connection.drain(), this.disconnected()]);
    await this.connection.close();
    this.link.end();
  }

  private disconnected(): Promise<void> {
    return new Promise((resolve) => this.onStatus(() => resolve()));
  }

  private async watch(): Promise<void> {
    for await (const { type } of this.connection.status()) {
      if (type === Events.Disconnect) this.tell('disconnected');
      if (type === Events.Reconnect) {
        this.payloadBytes = this.connection.info?.max_payload ?? this.payloadBytes;
        this.tell('connected');
      }
    }
  }

  /** A connection that breaks while it is made is told twice. */
  private tell(status: BusStatus): void {
    if (status === this.status) return;
    this.status = status;
    this.connected = status === 'connected';
    for (const listener of this.listeners) listener(status);
  }
}

const endedSubscription: BusSubscription = { unsubscribe: () => undefined };

function throwLater(error: Error): void {
  queueMicrotask(() => {
    throw error;
  });
}

/** The same, with what its context says in place of the context. Throws `MalformedError`. */
export function natsPlace(
  options: NatsBusOptions,
): NatsBusOptions & { readonly servers: string | readonly string[] } {
  const { context, servers, tls, ...told } = options;
  const { servers: known, tls: usual, ...who } = context === undefined ? {} : readContext(context);
  return {
    ...told,
    ...(saysWho(told) ? {} : who),
    ...((tls ?? usual) && { tls: tls ?? usual }),
    servers: servers ?? known ?? serversDefault,
  };
}

function saysWho(told: NatsCredentials): boolean {
  const { user, password, token, creds, credsFile, nkey, nkeyFile } = told;
  return [user, password, token, creds, credsFile, nkey, nkeyFile].some((one) => one !== undefined);
}

/**
 * The package takes no credentials in addresses. A name alone is a token, as for other clients.
 * Throws `MalformedError` on what is no address, without what may be secret in it.
 */
function addresses(options: NatsBusOptions & { readonly servers: string | readonly string[] }): {
  servers: string[];
  credentials: ConnectionOptions;
} {
  let { user, password } = options;
  const { token, creds, credsFile, nkey, nkeyFile } = options;
  const isOther = saysWho({ token, creds, credsFile, nkey, nkeyFile });
  let secure = false;
  const { servers } = options;
  const texts = typeof servers === 'string' ? servers.split(',') : servers;
  const plain = texts.map((text) => {
    const url = urlOf(text.trim());
    if (url.username !== '' && !isOther) user ??= decodeURIComponent(url.username);
    if (url.password !== '' && !isOther) password ??= decodeURIComponent(url.password);
    secure ||= url.protocol === 'tls:';
    return url.host;
  });
  const isToken = password === undefined && options.user === undefined && user !== undefined;
  const identity = isToken ? { token: user } : { user, password };
  const { tls = secure ? {} : undefined } = options;
  return { servers: plain, credentials: natsCredentials({ ...options, ...identity, tls }) };
}

function urlOf(address: string): URL {
  const text = address.includes('://') ? address : `nats://${address}`;
  if (!URL.canParse(text))
    throw new MalformedError(`${text.replace(/\/\/.*@/, '//')} is no address of a NATS server`);
  return new URL(text);
}

/**
 * A connection that a program has already, as `Bus`: by what its package shows to everybody, which
 * `nats` and its successors have in common. It is slower than a link of one's own, and stays open
 * when the client is closed: it is its owner's.
 */
import { createInbox, headers as newHeaders } from 'nats';
import { MalformedError } from '../errors.js';
import type {
  Announce,
  Announced,
  Bus,
  BusMessage,
  BusStatus,
  BusSubscription,
  PublishOptions,
} from '../seams/bus.js';
import { asBuffer } from '../wire/as-buffer.js';
import type { ExistingConnection, ExistingMessage } from './who-one-is.js';

const payloadBytesDefault = 1024 * 1024;
const noResponders = 503;

export class SharedBus implements Bus {
  connected = true;
  private isClosed = false;
  private readonly listeners: ((status: BusStatus) => void)[] = [];
  private readonly subscriptions = new Set<{ unsubscribe(): void }>();

  constructor(private readonly connection: ExistingConnection) {
    if (connection.isClosed()) throw new MalformedError('the connection that was given is closed');
    void this.watch();
  }

  get payloadBytesMax(): number {
    return this.connection.info?.max_payload ?? payloadBytesDefault;
  }

  publish(subject: string, payload: Uint8Array, options: PublishOptions = {}): void {
    // The package would keep it for the next connection, without a bound.
    if (!this.connected || this.isClosed) return;
    const { reply, headers } = options;
    const told = {
      ...(reply !== undefined && reply !== '' && { reply }),
      ...(headers !== undefined && { headers: headersOf(headers) }),
    };
    if (payload.length > this.payloadBytesMax)
      throw new MalformedError(
        `${payload.length} bytes for ${subject} are too many for the server`,
      );
    // Some keep the payload until the end of the turn.
    this.connection.publish(subject, Uint8Array.from(payload), told);
  }

  announcer({ subject, header, headers }: Announced): Announce {
    return (subjectEnd, bytes) => {
      const value = asBuffer(bytes).toString('base64url');
      const all = { [header]: value, ...headers };
      this.publish(subject + subjectEnd, new Uint8Array(0), { headers: all });
    };
  }

  subscribe(
    subject: string,
    handler: (message: BusMessage) => void,
    options: { readonly queue?: string } = {},
  ): BusSubscription {
    if (this.isClosed || this.connection.isClosed()) return { unsubscribe: () => undefined };
    const callback = (error: unknown, message: ExistingMessage): void => {
      // A subject this user may not listen to.
      if (error instanceof Error) return throwLater(error);
      try {
        handler(shown(message));
      } catch (thrown) {
        // What comes from outside ends nobody; the rest is nobody's here but the program's.
        if (!(thrown instanceof MalformedError)) throwLater(thrown);
      }
    };
    const subscription = this.connection.subscribe(subject, { callback, ...options });
    this.subscriptions.add(subscription);
    return {
      unsubscribe: () => {
        if (this.subscriptions.delete(subscription)) subscription.unsubscribe();
      },
    };
  }

  inbox(): string {
    return createInbox();
  }

  flush(): Promise<void> {
    return this.connection.flush();
  }

  onStatus(listener: (status: BusStatus) => void): void {
    this.listeners.push(listener);
  }

  registerService(): void {
    throw new MalformedError('a node has a connection of its own');
  }

  /** Of what is the client's; the connection is its owner's. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    if (this.connected) await this.connection.flush().catch(() => undefined);
    for (const subscription of this.subscriptions) subscription.unsubscribe();
    this.subscriptions.clear();
    this.isClosed = true;
    this.tell('closed');
  }

  private async watch(): Promise<void> {
    void this.connection.closed().then(() => this.tell('closed'));
    for await (const { type } of this.connection.status()) {
      if (type === 'disconnect') this.tell('disconnected');
      if (type === 'reconnect') this.tell('connected');
    }
  }

  private tell(status: BusStatus): void {
    this.connected = status === 'connected';
    for (const listener of this.listeners) listener(status);
  }
}

function headersOf(told: Readonly<Record<string, string>>): object {
  const made = newHeaders();
  for (const [name, value] of Object.entries(told)) made.set(name, value);
  return made;
}

function shown(message: ExistingMessage): BusMessage {
  const { subject, data, headers } = message;
  return {
    subject,
    reply: message.reply ?? '',
    data,
    noResponders: data.length === 0 && headers?.code === noResponders,
    header: (name) => valueOf(headers, name),
  };
}

function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

/** Whatever the case of the name. */
function valueOf(headers: ExistingMessage['headers'], name: string): string | undefined {
  if (headers === undefined) return undefined;
  const wanted = name.toLowerCase();
  for (const key of headers.keys()) if (key.toLowerCase() === wanted) return headers.values(key)[0];
  return undefined;
}

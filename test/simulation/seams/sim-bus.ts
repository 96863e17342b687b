/** `Bus` over a simulated NATS: one client's connection. */
import type {
  Bus,
  BusMessage,
  BusStatus,
  BusSubscription,
  PublishOptions,
  ServiceDescription,
} from '../../../src/seams/bus.js';
import type { SimProcess } from '../core/scheduler.js';
import type { Lane, SimNats, Subscription, Upward } from './sim-nats.js';

/** Before a connection comes back its client dials; only what it publishes from then on survives (as in nats.js). */
const dialUs = 1_000;

export class SimBus implements Bus {
  private readonly lane: Lane;
  private readonly subscriptions = new Set<Subscription>();
  private readonly listeners: ((status: BusStatus) => void)[] = [];
  private readonly services: ServiceDescription[] = [];
  /** Published while there was no connection. */
  private waiting: { readonly atUs: number; readonly item: Upward }[] = [];
  /** Pings under way, and how to tell those who wait that the connection broke. */
  private readonly flushes = new Map<Upward, (error: Error) => void>();
  private closed = false;
  private inboxes = 0;

  constructor(
    private readonly nats: SimNats,
    readonly name: string,
    process: SimProcess,
  ) {
    this.lane = nats.attach(name, process);
    this.lane.onStatus = (status) => this.status(status);
    this.lane.onReconnect = () => this.replay();
  }

  get connected(): boolean {
    return this.lane.connected && !this.closed;
  }

  get payloadBytesMax(): number {
    return this.nats.options.payloadBytesMax;
  }

  publish(subject: string, payload: Uint8Array, options: PublishOptions = {}): void {
    if (this.closed) return;
    checkSubject(subject, { wildcards: false });
    if (payload.length > this.payloadBytesMax)
      throw new Error(
        `payload of ${payload.length} bytes to ${subject} is past the server's bound`,
      );
    const publication = {
      subject,
      reply: options.reply ?? '',
      payload: Buffer.from(payload),
      headers: options.headers === undefined ? undefined : { ...options.headers },
    };
    this.send({ kind: 'publish', publication });
  }

  subscribe(
    subject: string,
    handler: (message: BusMessage) => void,
    options: { readonly queue?: string } = {},
  ): BusSubscription {
    checkSubject(subject, { wildcards: true });
    const subscription: Subscription = {
      order: this.nats.order(),
      lane: this.lane,
      subject,
      queue: options.queue,
      handler: (message) => {
        if (this.subscriptions.has(subscription)) handler(message);
      },
    };
    this.subscriptions.add(subscription);
    if (this.lane.connected) this.nats.send(this.lane, { kind: 'subscribe', subscription });
    return {
      unsubscribe: () => {
        if (!this.subscriptions.delete(subscription)) return;
        if (this.lane.connected) this.nats.send(this.lane, { kind: 'unsubscribe', subscription });
      },
    };
  }

  inbox(): string {
    return `_INBOX.${this.name}.${++this.inboxes}`;
  }

  flush(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.closed) return reject(new Error('the connection is closed'));
      const onPong = (): void => {
        this.flushes.delete(ping);
        resolve();
      };
      const ping: Upward = { kind: 'ping', onPong };
      this.flushes.set(ping, reject);
      this.send(ping);
    });
  }

  onStatus(listener: (status: BusStatus) => void): void {
    this.listeners.push(listener);
  }

  registerService(service: ServiceDescription): void {
    this.services.push(service);
    const { name, id, version, metadata } = service;
    const answer = (type: string, body: object) => (message: BusMessage) => {
      if (message.reply === '') return;
      const reply = { type: `io.nats.micro.v1.${type}_response`, name, id, version, metadata };
      this.publish(message.reply, Buffer.from(JSON.stringify({ ...reply, ...body })));
    };
    for (const suffix of ['', `.${name}`, `.${name}.${id}`]) {
      this.subscribe(`$SRV.PING${suffix}`, answer('ping', {}));
      const info = { description: service.description };
      this.subscribe(`$SRV.INFO${suffix}`, answer('info', info));
      this.subscribe(`$SRV.STATS${suffix}`, (message) =>
        answer('stats', { endpoints: service.endpoints() })(message),
      );
    }
  }

  async close(): Promise<void> {
    if (this.closed) return;
    if (this.lane.connected) await this.flush().catch(() => undefined);
    this.closed = true;
    this.nats.detach(this.lane);
    this.status('closed');
  }

  private send(item: Upward): void {
    if (this.lane.connected) this.nats.send(this.lane, item);
    else this.waiting.push({ atUs: this.nats.scheduler.nowUs, item });
  }

  private status(status: BusStatus): void {
    if (status === 'disconnected') for (const ping of this.flushes.keys()) this.broken(ping);
    for (const listener of this.listeners) listener(status);
  }

  private broken(ping: Upward): void {
    this.flushes.get(ping)?.(new Error('DISCONNECT'));
    this.flushes.delete(ping);
  }

  private replay(): readonly Upward[] {
    const again: Upward[] = [];
    for (const subscription of this.subscriptions) again.push({ kind: 'subscribe', subscription });
    const fromUs = this.nats.scheduler.nowUs - dialUs;
    for (const { atUs, item } of this.waiting)
      if (atUs >= fromUs) again.push(item);
      else this.broken(item);
    this.waiting = [];
    return again;
  }
}

function checkSubject(subject: string, options: { wildcards: boolean }): void {
  const tokens = subject.split('.');
  const valid = tokens.every(
    (token, i) =>
      token !== '' &&
      !/\s/.test(token) &&
      (options.wildcards
        ? token !== '>' || i === tokens.length - 1
        : token !== '*' && token !== '>'),
  );
  if (!valid) throw new Error(`not a subject: '${subject}'`);
}

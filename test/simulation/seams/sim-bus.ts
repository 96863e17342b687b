/** `Bus` over a simulated NATS: one client's connection. */
import type {
  Announce,
  Announced,
  Bus,
  BusMessage,
  BusStatus,
  BusSubscription,
  PublishOptions,
  ServiceDescription,
} from '../../../src/seams/bus.js';
import { serviceAnswer, serviceSubjects } from '../../../src/bus/nats-service.js';
import { announcerOver } from '../../support/announcer-over.js';
import type { SimProcess } from '../core/scheduler.js';
import { copyOf } from './copy-of.js';
import type { Lane, SimNats, Subscription, Upward } from './sim-nats.js';

export class SimBus implements Bus {
  private readonly lane: Lane;
  private readonly subscriptions = new Set<Subscription>();
  private readonly listeners: ((status: BusStatus) => void)[] = [];
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
    if (!this.connected) return;
    checkSubject(subject, { wildcards: false });
    if (payload.length > this.payloadBytesMax)
      throw new Error(
        `payload of ${payload.length} bytes to ${subject} is past the server's bound`,
      );
    const publication = {
      subject,
      reply: options.reply ?? '',
      payload: copyOf(payload),
      headers: options.headers === undefined ? undefined : { ...options.headers },
    };
    this.send({ kind: 'publish', publication });
  }

  announcer(announced: Announced): Announce {
    return announcerOver(this, announced);
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
    for (const { verb, subject } of serviceSubjects(service)) {
      this.subscribe(subject, ({ reply }) => {
        const answer = Buffer.from(JSON.stringify(serviceAnswer(verb, service)));
        if (reply !== '') this.publish(reply, answer);
      });
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
    else this.broken(item);
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
    return [...this.subscriptions].map((subscription) => ({ kind: 'subscribe', subscription }));
  }
}

const space = 0x20;
const dot = 0x2e;

/** Tokens without white space, none of them empty; wildcards where they may stand. */
function checkSubject(subject: string, options: { wildcards: boolean }): void {
  let start = 0;
  for (let i = 0; i <= subject.length; i++) {
    const code = i === subject.length ? dot : subject.charCodeAt(i);
    if (code <= space) throw new Error(`not a subject: '${subject}'`);
    if (code !== dot) continue;
    const wild = i - start === 1 && (subject[start] === '*' || subject[start] === '>');
    const misplaced =
      wild && (!options.wildcards || (subject[start] === '>' && i < subject.length));
    if (i === start || misplaced) throw new Error(`not a subject: '${subject}'`);
    start = i + 1;
  }
}

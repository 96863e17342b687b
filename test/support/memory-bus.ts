/**
 * A network in memory for unit tests: wildcards, queue groups (round robin), "no responders", and
 * an order that is always the same. Nothing moves until `settle`.
 */
import type {
  Announce,
  Announced,
  Bus,
  BusMessage,
  BusStatus,
  PublishOptions,
} from '../../src/seams/bus.js';
import type { Clock } from '../../src/seams/clock.js';
import { announcerOver } from './announcer-over.js';

interface Listener {
  readonly owner: MemoryBus;
  readonly tokens: readonly string[];
  readonly queue: string | undefined;
  readonly handler: (message: BusMessage) => void;
}

interface Sent {
  readonly subject: string;
  readonly data: Buffer;
  readonly options: PublishOptions;
  readonly from: MemoryBus;
}

export class MemoryNetwork {
  readonly listeners: Listener[] = [];
  /** Every message ever sent. */
  readonly sent: Sent[] = [];
  private readonly inFlight: (() => void)[] = [];
  private readonly turnEnds: (() => void)[] = [];
  private turns = 0;

  connect(options: { payloadBytesMax?: number } = {}): MemoryBus {
    return new MemoryBus(this, options.payloadBytesMax ?? 1024 * 1024);
  }

  endOfTurn(callback: () => void): void {
    this.turnEnds.push(callback);
  }

  /** Has the turns of this network, and no timers. */
  clock(nowMs: () => number = () => 0): Clock {
    return {
      wallMs: nowMs,
      monotonicMs: nowMs,
      setTimeout: () => 0,
      clearTimeout: () => undefined,
      endOfTurn: (callback) => this.endOfTurn(callback),
    };
  }

  send(message: Sent): void {
    this.sent.push(message);
    this.inFlight.push(() => this.deliver(message));
  }

  /** Delivers until nothing moves; a turn ends when what was in flight at its start has arrived. */
  settle(): void {
    while (this.inFlight.length > 0 || this.turnEnds.length > 0) {
      for (const step of this.inFlight.splice(0)) step();
      for (const callback of this.turnEnds.splice(0)) callback();
    }
  }

  private deliver({ subject, data, options, from }: Sent): void {
    const tokens = subject.split('.');
    const matching = this.listeners.filter((listener) => matches(listener.tokens, tokens));
    const plain = matching.filter((listener) => listener.queue === undefined);
    const queues = new Set(matching.flatMap(({ queue }) => (queue === undefined ? [] : [queue])));
    const chosen = [...queues].map((queue) => {
      const group = matching.filter((listener) => listener.queue === queue);
      return group[this.turns++ % group.length]!;
    });
    const reply = options.reply ?? '';
    const header = (name: string): string | undefined => options.headers?.[name];
    for (const listener of [...plain, ...chosen])
      listener.handler({ subject, reply, data, noResponders: false, header });
    if (matching.length === 0 && reply !== '') this.inFlight.push(() => from.absent(reply));
  }
}

export class MemoryBus implements Bus {
  connected = true;
  private inboxes = 0;

  constructor(
    private readonly network: MemoryNetwork,
    readonly payloadBytesMax: number,
  ) {}

  publish(subject: string, payload: Uint8Array, options: PublishOptions = {}): void {
    if (payload.length > this.payloadBytesMax) throw new Error('payload too large');
    if (!this.connected) return;
    this.network.send({ subject, data: Buffer.from(payload), options, from: this });
  }

  announcer(announced: Announced): Announce {
    return announcerOver(this, announced);
  }

  subscribe(
    subject: string,
    handler: (message: BusMessage) => void,
    options: { readonly queue?: string } = {},
  ): { unsubscribe(): void } {
    const { listeners } = this.network;
    const tokens = subject.split('.');
    const listener = { owner: this, tokens, queue: options.queue, handler };
    listeners.push(listener);
    return {
      unsubscribe: () => {
        const index = listeners.indexOf(listener);
        if (index >= 0) listeners.splice(index, 1);
      },
    };
  }

  /** The server's answer to a publish nobody listens to. */
  absent(reply: string): void {
    const tokens = reply.split('.');
    const data = Buffer.alloc(0);
    for (const listener of this.network.listeners) {
      if (listener.owner !== this || !matches(listener.tokens, tokens)) continue;
      listener.handler({ subject: reply, reply: '', data, noResponders: true, header: noHeader });
    }
  }

  inbox(): string {
    return `_INBOX.memory.${++this.inboxes}`;
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  onStatus(_listener: (status: BusStatus) => void): void {}

  registerService(): void {}

  /** As when the process ends: subscriptions go, nothing is sent any more. */
  close(): Promise<void> {
    this.connected = false;
    const { listeners } = this.network;
    for (let i = listeners.length - 1; i >= 0; i--)
      if (listeners[i]!.owner === this) listeners.splice(i, 1);
    return Promise.resolve();
  }
}

function noHeader(): undefined {
  return undefined;
}

function matches(pattern: readonly string[], tokens: readonly string[]): boolean {
  for (const [i, part] of pattern.entries()) {
    if (part === '>') return tokens.length > i;
    if (i >= tokens.length || (part !== '*' && part !== tokens[i])) return false;
  }
  return pattern.length === tokens.length;
}

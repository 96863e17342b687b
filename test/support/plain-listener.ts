/** Follows one watch as any NATS client can, by its messages alone. */
import type { Bus, BusMessage, BusSubscription } from '../../src/seams/bus.js';
import { decode } from '../../src/wire/message-pack.js';

export interface HeardMessage {
  readonly word: string;
  readonly number: number;
  readonly key: string | undefined;
  readonly deleted: string | undefined;
  readonly siblings: number;
  readonly value: string;
  readonly cursor: string | undefined;
  readonly reason: string | undefined;
  readonly code: string | undefined;
}

export class PlainListener {
  readonly heard: HeardMessage[] = [];
  /** Numbers that were not the next one. */
  readonly gaps: number[] = [];
  cursor: string | undefined;
  acknowledgeTo = '';
  /** Not while it is slow. */
  acknowledges = true;
  private number = 0;
  private readonly subscription: BusSubscription;

  constructor(
    private readonly bus: Bus,
    bucket: string,
    wish: Readonly<Record<string, unknown>> | string = {},
  ) {
    const inbox = bus.inbox();
    this.subscription = bus.subscribe(inbox, (message) => this.take(message));
    const payload = typeof wish === 'string' ? wish : JSON.stringify(wish);
    bus.publish(`kv.watch.${bucket}`, Buffer.from(payload), { reply: inbox });
  }

  private take(message: BusMessage): void {
    const text = (name: string): string | undefined => message.header(name);
    const number = Number(text('Kv-Seq') ?? 0);
    if (number !== 0 && number !== this.number + 1) this.gaps.push(number);
    this.number = number;
    this.cursor = text('Kv-Cursor') ?? this.cursor;
    this.acknowledgeTo = text('Kv-Ack') ?? this.acknowledgeTo;
    const siblings = Number(text('Kv-Siblings') ?? 1);
    const key = text('Kv-Key') ?? text('Kv-Key-Base64');
    this.heard.push({
      word: message.noResponders ? 'noResponders' : (text('Kv-Watch') ?? ''),
      number,
      key,
      deleted: text('Kv-Deleted'),
      siblings,
      value:
        siblings > 1 && message.data.length > 0
          ? shown(message.data)
          : Buffer.from(message.data).toString(),
      cursor: text('Kv-Cursor'),
      reason: text('Kv-Reason') ?? text('Nats-Service-Error'),
      code: text('Nats-Service-Error-Code'),
    });
    if (this.acknowledges) this.acknowledge(number);
  }

  acknowledge(number: number | string = this.number): void {
    if (this.acknowledgeTo !== '')
      this.bus.publish(this.acknowledgeTo, Buffer.from(String(number)));
  }

  /** What was heard but for heartbeats, in a line each. */
  get told(): string[] {
    return this.heard
      .filter(({ word }) => word !== 'heartbeat')
      .map(({ word, key, deleted, value }) =>
        [word, key, deleted && `deleted=${deleted}`, value].filter(Boolean).join(' '),
      );
  }

  count(word: string): number {
    return this.heard.filter((message) => message.word === word).length;
  }

  stop(): void {
    this.subscription.unsubscribe();
  }
}

function shown(data: Uint8Array): string {
  const values = decode(Buffer.from(data)) as (Uint8Array | null)[];
  return values.map((value) => value && Buffer.from(value).toString()).join('+');
}

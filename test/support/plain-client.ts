/**
 * What any NATS client can do: request-reply with the documented subjects and headers, nothing of
 * ours.
 */
import { connect, createInbox, headers } from 'nats';
import type { Msg, MsgHdrs, NatsConnection } from 'nats';

export interface PlainReply {
  /** 200 when the reply is no error. */
  readonly code: number;
  readonly error: string;
  readonly outcome: string | undefined;
  readonly context: string | undefined;
  readonly receipt: string | undefined;
  readonly siblings: number;
  /** Undefined: it does not. */
  readonly expiresInMs: number | undefined;
  readonly data: Uint8Array;
  readonly text: string;
  header(name: string): string | undefined;
}

/** `timeoutMs` is how long this client waits; everything else is a header. */
export interface RequestOptions {
  readonly timeoutMs?: number;
  readonly [header: `Kv-${string}`]: string | number;
}

export class PlainClient {
  private constructor(readonly connection: NatsConnection) {}

  static async connect(servers: string | string[]): Promise<PlainClient> {
    return new PlainClient(await connect({ servers, maxReconnectAttempts: -1 }));
  }

  put(
    place: string,
    value: string | Uint8Array,
    options: RequestOptions = {},
  ): Promise<PlainReply> {
    return this.request(`kv.put.${place}`, value, options);
  }

  get(place: string, options: RequestOptions = {}): Promise<PlainReply> {
    return this.request(`kv.get.${place}`, '', options);
  }

  del(place: string, options: RequestOptions = {}): Promise<PlainReply> {
    return this.request(`kv.del.${place}`, '', options);
  }

  async request(
    subject: string,
    payload: string | Uint8Array,
    options: RequestOptions = {},
  ): Promise<PlainReply> {
    const { timeoutMs, fields } = sentWith(options);
    const reply = await this.connection.request(subject, payload, {
      timeout: timeoutMs,
      headers: fields,
    });
    return read(reply);
  }

  /** As `request`; `onMore` is called with what comes after the first answer, in the same time. */
  async requestOfAny(
    subject: string,
    payload: string | Uint8Array,
    options: RequestOptions,
    onMore: (reply: PlainReply) => void,
  ): Promise<PlainReply> {
    const { connection } = this;
    const { timeoutMs, fields } = sentWith(options);
    const inbox = createInbox();
    return new Promise((resolve, reject) => {
      let isAnswered = false;
      const subscription = connection.subscribe(inbox, {
        callback: (error, message) => {
          if (error !== null) reject(error);
          else if (message.headers?.code === 503) reject(new Error('nobody is there'));
          else if (isAnswered) onMore(read(message));
          else resolve(read(message));
          isAnswered = true;
        },
      });
      setTimeout(() => {
        subscription.unsubscribe();
        reject(new Error(`no answer within ${timeoutMs} ms`));
      }, timeoutMs);
      connection.publish(subject, payload, { reply: inbox, headers: fields });
    });
  }

  /** Collects what every node answers within the time. */
  async requestAll(subject: string, waitMs: number): Promise<PlainReply[]> {
    const fields = headers();
    fields.set('Kv-Accept', 'json');
    const replies: PlainReply[] = [];
    const answers = await this.connection.requestMany(subject, '', {
      maxWait: waitMs,
      headers: fields,
    });
    for await (const reply of answers) replies.push(read(reply));
    return replies;
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}

function sentWith({ timeoutMs = 6_000, ...named }: RequestOptions): {
  readonly timeoutMs: number;
  readonly fields: MsgHdrs;
} {
  const fields = headers();
  for (const [name, value] of Object.entries(named)) fields.set(name, String(value));
  return { timeoutMs, fields };
}

function read(reply: Msg): PlainReply {
  const field = (name: string): string | undefined =>
    reply.headers?.has(name) === true ? reply.headers.get(name) : undefined;
  return {
    code: Number(field('Nats-Service-Error-Code') ?? 200),
    error: field('Nats-Service-Error') ?? '',
    outcome: field('Kv-Outcome'),
    context: field('Kv-Context'),
    receipt: field('Kv-Receipt'),
    siblings: Number(field('Kv-Siblings') ?? 1),
    expiresInMs: field('Kv-Expires') === undefined ? undefined : Number(field('Kv-Expires')),
    data: reply.data,
    text: reply.string(),
    header: field,
  };
}

/**
 * The least that speaks NATS' request-reply over a socket: so that what is measured is the servers,
 * and not the client library, which takes as long for a request as a server does for a get. The
 * same for every system.
 *
 * What is asked in one turn leaves in one write. Answers come to one wildcard subscription, and are
 * views of what was read: who asked looks at them at once.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface LightReply {
  /** With the status line; empty where there are none. */
  readonly headers: Buffer;
  readonly payload: Buffer;
}

interface Pending {
  readonly untilMs: number;
  readonly read: (reply: LightReply) => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

const timeoutMs = 5_500;
const sweepMs = 250;
const bufferBytes = 64 * 1024;
const options = { verbose: false, pedantic: false, headers: true, no_responders: true };
const nothing = Buffer.alloc(0);
const line = Buffer.from('\r\n');

export class LightLink {
  private readonly inbox = `_INBOX.light${process.pid}`;
  private readonly pending = new Map<number, Pending>();
  private readonly sweeping = setInterval(() => this.sweep(), sweepMs);
  private next = 0;
  private out = Buffer.allocUnsafe(bufferBytes);
  private length = 0;
  /** The start of a message of which the rest is still to come. */
  private rest: Buffer = nothing;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (bytes) => this.take(bytes));
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new Error('the connection to nats-server is closed')));
    socket.write(
      `CONNECT ${JSON.stringify({ ...options, lang: 'light', version: '1', protocol: 1 })}\r\nSUB ${this.inbox}.* 1\r\n`,
    );
  }

  /** `url`: `nats://host:port`. */
  static async open(url: string): Promise<LightLink> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, 'connect');
    return new LightLink(socket);
  }

  /**
   * `headers`: as they go over the wire, undefined for none. `read`: what becomes of the answer; it
   * may throw.
   */
  request<T>(
    subject: string,
    message: { readonly headers?: Buffer; readonly payload: Uint8Array },
    read: (reply: LightReply) => T,
  ): Promise<T> {
    const id = this.next++;
    const { headers, payload } = message;
    const to = `${subject} ${this.inbox}.${id}`;
    this.write(
      headers === undefined
        ? `PUB ${to} ${payload.length}\r\n`
        : `HPUB ${to} ${headers.length} ${headers.length + payload.length}\r\n`,
      headers ?? nothing,
      payload,
    );
    return new Promise<T>((resolve, reject) => {
      const untilMs = performance.now() + timeoutMs;
      const settle = resolve as (value: unknown) => void;
      this.pending.set(id, { untilMs, read, resolve: settle, reject });
    });
  }

  close(): void {
    clearInterval(this.sweeping);
    this.socket.destroy();
  }

  private write(head: string, headers: Uint8Array, payload: Uint8Array): void {
    const bytes = head.length + headers.length + payload.length + line.length;
    if (this.length === 0) setImmediate(() => this.flush());
    if (this.length + bytes > this.out.length) this.grow(bytes);
    this.length += this.out.write(head, this.length, 'latin1');
    for (const part of [headers, payload, line]) {
      this.out.set(part, this.length);
      this.length += part.length;
    }
  }

  private grow(bytes: number): void {
    const larger = Buffer.allocUnsafe(2 * (this.length + bytes));
    this.out.copy(larger, 0, 0, this.length);
    this.out = larger;
  }

  /** What is written belongs to the socket: the next turn begins in a buffer of its own. */
  private flush(): void {
    const { out, length } = this;
    this.socket.write(out.subarray(0, length));
    this.out = length * 2 < out.length ? out.subarray(length) : Buffer.allocUnsafe(bufferBytes);
    this.length = 0;
  }

  private take(bytes: Buffer): void {
    const all = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes]);
    let at = 0;
    for (;;) {
      const end = all.indexOf(line, at);
      const behind = end < 0 ? undefined : this.command(all, at, end);
      if (behind === undefined) break;
      at = behind;
    }
    this.rest = all.subarray(at);
  }

  /** Where the next one begins; undefined: not all of it is there. */
  private command(all: Buffer, at: number, end: number): number | undefined {
    const start = end + line.length;
    const text = all.toString('latin1', at, end);
    if (text.startsWith('PING')) this.socket.write('PONG\r\n');
    if (text.startsWith('-ERR')) this.fail(new Error(`nats-server: ${text}`));
    const isHeaded = text.startsWith('HMSG ');
    if (!isHeaded && !text.startsWith('MSG ')) return start;
    const words = text.split(' ');
    const total = Number(words.at(-1));
    const behind = start + total + line.length;
    if (behind > all.length) return undefined;
    const payloadAt = start + (isHeaded ? Number(words.at(-2)) : 0);
    const subject = words[1]!;
    this.answered(Number(subject.slice(subject.lastIndexOf('.') + 1)), {
      headers: all.subarray(start, payloadAt),
      payload: all.subarray(payloadAt, start + total),
    });
    return behind;
  }

  private answered(id: number, reply: LightReply): void {
    const asked = this.pending.get(id);
    if (asked === undefined) return;
    this.pending.delete(id);
    try {
      asked.resolve(asked.read(reply));
    } catch (error) {
      asked.reject(error);
    }
  }

  private sweep(): void {
    const nowMs = performance.now();
    for (const [id, { untilMs, reject }] of this.pending) {
      if (untilMs > nowMs) return;
      this.pending.delete(id);
      reject(Object.assign(new Error('no answer'), { code: 'TIMEOUT' }));
    }
  }

  private fail(error: Error): void {
    for (const { reject } of this.pending.values()) reject(error);
    this.pending.clear();
  }
}

/** As they go over the wire. */
export function lightHeaders(fields: Readonly<Record<string, string>>): Buffer {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`NATS/1.0\r\n${lines.join('')}\r\n`);
}

/** Behind the version in the first line, such as 503; undefined: there is none. */
export function lightStatus(headers: Buffer): string | undefined {
  const text = headers.toString('latin1', 9, 12);
  return /^\d{3}$/.test(text) ? text : undefined;
}

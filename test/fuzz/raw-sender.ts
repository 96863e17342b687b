/**
 * Speaks the NATS protocol by hand: no library sends what a fuzzer has to send. Reads nothing but
 * PONG and errors.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { RawMessage } from './mutations.js';

export interface SenderOptions {
  readonly port: number;
  /** Undefined: an application without a name. */
  readonly user?: string;
  readonly password?: string;
}

const lineEnd = '\r\n';

export class RawSender {
  /** How often the server ended the connection: it has rules of its own. */
  reconnects = 0;
  /** How often the server would not take something: it has permissions of its own. */
  refused = 0;
  private pongs: (() => void)[] = [];
  private closed: Promise<'closed'> | undefined;

  private constructor(
    private readonly options: SenderOptions,
    private socket: Socket,
  ) {}

  static async connect(options: SenderOptions): Promise<RawSender> {
    const sender = new RawSender(options, await dial(options));
    sender.listen();
    await sender.flush();
    return sender;
  }

  send({ subject, reply, headers, payload }: RawMessage): void {
    const to = reply === '' ? subject : `${subject} ${reply}`;
    const head = headers ?? Buffer.alloc(0);
    const line =
      headers === undefined
        ? `PUB ${to} ${payload.length}`
        : `HPUB ${to} ${head.length} ${head.length + payload.length}`;
    this.socket.write(
      Buffer.concat([Buffer.from(line + lineEnd), head, payload, Buffer.from(lineEnd)]),
    );
  }

  /**
   * Resolves when the server has read all that was sent; connects again if it has hung up instead.
   */
  async flush(): Promise<void> {
    const answered = new Promise<'pong'>((resolve) => this.pongs.push(() => resolve('pong')));
    this.socket.write(`PING${lineEnd}`);
    if (!this.socket.destroyed && (await Promise.race([answered, this.closed])) === 'pong') return;
    this.reconnects++;
    this.pongs = [];
    this.socket = await dial(this.options);
    this.listen();
  }

  close(): void {
    this.socket.destroy();
  }

  private listen(): void {
    this.closed = once(this.socket, 'close').then(() => 'closed' as const);
    this.socket.on('data', (bytes: Buffer) => {
      const text = bytes.toString('latin1');
      for (const line of text.split(lineEnd)) {
        if (line === 'PONG') this.pongs.shift()?.();
        if (line.startsWith('-ERR')) this.refused++;
        if (line === 'PING') this.socket.write(`PONG${lineEnd}`);
      }
    });
  }
}

async function dial({ port, user, password }: SenderOptions): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  socket.on('error', () => undefined);
  await once(socket, 'data');
  const names = user === undefined ? {} : { user, pass: password };
  const hello = {
    verbose: false,
    pedantic: false,
    headers: true,
    no_responders: false,
    lang: 'raw',
    version: '0',
    ...names,
  };
  socket.write(`CONNECT ${JSON.stringify(hello)}${lineEnd}`);
  return socket;
}

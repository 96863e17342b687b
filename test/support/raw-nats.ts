/** A client that sends what it is told to, byte by byte: what no library would. */
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';

export class RawNats {
  private heard = '';
  private replies = 0;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (bytes) => (this.heard += bytes.toString('latin1')));
  }

  static async connect(port: number): Promise<RawNats> {
    const socket = createConnection(port, '127.0.0.1');
    await once(socket, 'connect');
    const client = new RawNats(socket);
    socket.write('CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\n');
    socket.write('SUB _INBOX.raw.> 1\r\n');
    await client.flush();
    return client;
  }

  /**
   * `head`: the headers as they are, from `NATS/1.0` to the empty line. Resolves with the code of
   * the answer; 200: no error.
   */
  async ask(subject: string, head: Buffer, payload: Buffer): Promise<number> {
    const reply = `_INBOX.raw.${++this.replies}`;
    this.publish(subject, { head, payload, reply });
    for (;;) {
      const at = this.heard.indexOf(`MSG ${reply} `);
      const end = this.heard.indexOf('\r\n\r\n', at);
      if (at >= 0 && (end >= 0 || this.heard[at - 1] !== 'H')) {
        const code = /Nats-Service-Error-Code: (\d+)/.exec(this.heard.slice(at, end));
        this.heard = '';
        return code === null ? 200 : Number(code[1]);
      }
      await once(this.socket, 'data');
    }
  }

  publish(subject: string, message: { head: Buffer; payload: Buffer; reply?: string }): void {
    const { head, payload, reply = '' } = message;
    this.socket.write(
      `HPUB ${subject} ${reply} ${head.length} ${head.length + payload.length}\r\n`,
    );
    this.socket.write(head);
    this.socket.write(payload);
    this.socket.write('\r\n');
  }

  /** The server has read all so far. */
  async flush(): Promise<void> {
    this.heard = '';
    this.socket.write('PING\r\n');
    while (!this.heard.includes('PONG')) await once(this.socket, 'data');
  }

  close(): void {
    this.socket.destroy();
  }
}
